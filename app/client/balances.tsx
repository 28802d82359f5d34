'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { parseMoney } from '../../domain/units.ts';
import { ActionNote } from './action-note.tsx';
import { money } from './format.ts';
import { deposit, finishUnbid, mintTestMoney, move, readFunds, type Funds } from './funds.ts';
import { useMarket } from './market.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';

/** Balances read from the chain through the wallet, every two seconds. */
export function useFunds(): Funds | undefined {
  const { deployment } = useMarket();
  const { address, wallet } = useWallet();
  return useQuery({
    queryKey: ['funds', address],
    queryFn: () => {
      if (wallet === null || address === null) throw new Error('no wallet is connected');
      return readFunds(wallet, deployment, address);
    },
    enabled: wallet !== null && address !== null,
    refetchInterval: 2_000,
  }).data;
}

const MOVES = [
  ['deposit', 'Deposit'],
  ['fundBidding', 'Move to bidding'],
  ['requestUnbid', 'Take out of bidding'],
  ['withdraw', 'Withdraw'],
] as const;

/** What the connected account has, and the ways to move it. */
export function Balances() {
  const { deployment, testMoney, symbol } = useMarket();
  const { wallet } = useWallet();
  const funds = useFunds();
  const action = useAction();
  const [amount, setAmount] = useState('100');

  if (wallet === null) {
    return (
      <section className="card">
        <h2>My money</h2>
        <p className="quiet">Connect a wallet to see your balances and to trade.</p>
      </section>
    );
  }

  const start = (kind: (typeof MOVES)[number][0], label: string): void => {
    void action.run(`${label}: confirm in your wallet.`, async () => {
      const units = parseMoney(amount);
      if (kind === 'deposit') await deposit(wallet, deployment, units);
      else await move(wallet, deployment, kind, units);
      return `${label}: done, ${money(units)} ${symbol}.`;
    });
  };

  return (
    <section className="card">
      <h2>My money</h2>
      <dl className="figures">
        <Figure name="In the wallet" value={funds?.token} testId="token" />
        <Figure name="Available" value={funds?.available} testId="available" />
        <Figure name="Bidding" value={funds?.bidding} testId="bidding" />
        {(funds?.unbidding ?? 0n) > 0n && (
          <Figure name="Leaving bidding" value={funds?.unbidding} testId="unbidding" />
        )}
        {(funds?.staked ?? 0n) > 0n && <Figure name="Staked" value={funds?.staked} testId="staked" />}
      </dl>
      <div className="row">
        {testMoney && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() => {
              void action.run('Getting test money: confirm in your wallet.', async () => {
                await mintTestMoney(wallet, deployment, 1_000_000_000n);
                return `1,000 ${symbol} of worthless test money are in your wallet.`;
              });
            }}
          >
            Get 1,000 test money
          </button>
        )}
        <label className="inline">
          <span className="visually-hidden">Amount</span>
          <input
            value={amount}
            inputMode="decimal"
            aria-label="Amount"
            onChange={(event) => {
              setAmount(event.target.value);
            }}
          />
          <span className="unit">{symbol}</span>
        </label>
        {MOVES.map(([kind, label]) => (
          <button
            type="button"
            key={kind}
            disabled={action.busy}
            onClick={() => {
              start(kind, label);
            }}
          >
            {label}
          </button>
        ))}
        {(funds?.unbidding ?? 0n) > 0n && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() => {
              void action.run('Confirm in your wallet.', async () => {
                await finishUnbid(wallet, deployment);
                return 'The money is available.';
              });
            }}
          >
            Finish taking out
          </button>
        )}
      </div>
      <ActionNote action={action} />
    </section>
  );
}

function Figure({ name, value, testId }: { name: string; value: bigint | undefined; testId: string }) {
  const { symbol } = useMarket();
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value === undefined ? '…' : `${money(value)} ${symbol}`}</dd>
    </div>
  );
}
