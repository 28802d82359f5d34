'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { formatMoney } from '../../domain/units.ts';
import { failureOf, type Failure } from './failure.ts';
import { ShortOfTokens } from './funds.ts';
import { useMarket } from './market.ts';

/** Runs one thing at a time and shows where it is, what failed, or that it is done. */
export function useAction() {
  const { testMoney, symbol } = useMarket();
  const queries = useQueryClient();
  const [step, setStep] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [done, setDone] = useState<string | null>(null);

  const run = useCallback(
    async (first: string, work: (say: (step: string) => void) => Promise<string>): Promise<void> => {
      setFailure(null);
      setDone(null);
      setStep(first);
      try {
        setDone(await work(setStep));
      } catch (error) {
        setFailure(
          error instanceof ShortOfTokens
            ? {
                sentence: `Your wallet holds ${formatMoney(error.held)} ${symbol}; ${formatMoney(error.needed)} is needed.`,
                fix: testMoney ? 'Press “Get 1,000 test money” first.' : `Get more ${symbol} first.`,
              }
            : failureOf(error),
        );
      } finally {
        setStep(null);
        await queries.invalidateQueries();
      }
    },
    [queries, symbol, testMoney],
  );

  return { run, busy: step !== null, step, failure, done };
}

export type Action = ReturnType<typeof useAction>;
