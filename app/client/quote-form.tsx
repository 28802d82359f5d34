'use client';

import Link from 'next/link';
import { useState } from 'react';
import { regionId } from '../../domain/names.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';
import type { ClassView, QuoteAnswer, QuoteView, StatsView } from '../views.ts';
import { ActionNote } from './action-note.tsx';
import { useApi } from './api.ts';
import { clockTime, money, span } from './format.ts';
import { useMarket } from './market.ts';
import { acceptQuote, askQuote } from './quoting.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';
import { outcomeWords } from './words.ts';

/** A firm price for cards of a class: asked for, looked at, accepted, and watched until it is a lease or a refund. */
export function QuoteForm({
  resource,
  region: first,
  cards,
  duration,
  command,
  problem,
}: {
  resource: ClassView;
  region: string;
  cards: number;
  duration: number;
  command: string;
  problem: string | null;
}) {
  const { deployment } = useMarket();
  const { quoteSeconds, commitDeadlineSeconds, slotSeconds } = deployment.parameters;
  const longest = quoteSeconds + commitDeadlineSeconds;
  const { wallet } = useWallet();
  const action = useAction();
  const [region, setRegion] = useState(first);
  const [within, setWithin] = useState(longest);
  const [dataRegion, setDataRegion] = useState('');
  const [gigabytes, setGigabytes] = useState('0');
  const [quote, setQuote] = useState<QuoteAnswer | null>(null);
  const [accepted, setAccepted] = useState(false);
  const choices = [2 * commitDeadlineSeconds + 3 * slotSeconds, Math.round(longest / 2), longest];

  const ask = (): void => {
    if (wallet === null || problem !== null) return;
    setQuote(null);
    void action.run('Asking for a quote.', async () => {
      const wish = { cards, duration, command, within, resourceClass: resource.id as Hex };
      const place = region === '' ? ZERO_HASH : regionId(region);
      const amount = Math.max(0, Math.floor(Number(gigabytes)) || 0);
      const moved =
        dataRegion === '' || amount === 0
          ? {}
          : { data: { region: regionId(dataRegion.trim()), gigabytes: amount } };
      setQuote(await askQuote(wallet, deployment, { ...wish, ...moved, region: place }));
      return 'Quoted. Nothing is signed yet.';
    });
  };
  const accept = (): void => {
    if (wallet === null || quote === null) return;
    void action.run('Reading the chain.', async (say) => {
      await acceptQuote(wallet, deployment, quote, say);
      setAccepted(true);
      return 'Accepted: the order enters the auction by itself.';
    });
  };

  return (
    <>
      <p className="quiet">
        You pay the quote at most. The next auctions procure the cards below it and share what that saves with
        you; if they can’t in time, all of it comes back by itself.
      </p>
      {!accepted && (
        <div className="fields">
          <label>
            Region
            <select
              value={region}
              onChange={(event) => {
                setRegion(event.target.value);
                setQuote(null);
              }}
            >
              <option value="">anywhere</option>
              {resource.regions.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            Start within
            <select
              value={within}
              onChange={(event) => {
                setWithin(Number(event.target.value));
                setQuote(null);
              }}
            >
              {choices.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {span(seconds)}
                </option>
              ))}
            </select>
          </label>
          <label>
            Data lie in
            <input
              list="data-regions"
              placeholder="no data to bring"
              value={dataRegion}
              onChange={(event) => {
                setDataRegion(event.target.value);
                setQuote(null);
              }}
            />
            <datalist id="data-regions">
              {resource.regions.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </label>
          <label>
            Data, GB
            <input
              type="number"
              min={0}
              value={gigabytes}
              onChange={(event) => {
                setGigabytes(event.target.value);
                setQuote(null);
              }}
            />
          </label>
        </div>
      )}
      {problem !== null && <p className="note bad">{problem}</p>}
      {quote !== null && <Breakdown quote={quote} />}
      {quote !== null && <Expected quote={quote} />}
      {!accepted && (
        <p className="row">
          <button
            type="button"
            className={quote === null ? 'primary' : ''}
            disabled={wallet === null || problem !== null || action.busy}
            onClick={ask}
          >
            {wallet === null
              ? 'Connect a wallet for a quote'
              : quote === null
                ? 'Ask for a quote'
                : 'Ask again'}
          </button>
          {quote !== null && <AcceptButton quote={quote} busy={action.busy} onAccept={accept} />}
        </p>
      )}
      <ActionNote action={action} />
      {accepted && quote !== null && <Progress id={quote.id} />}
    </>
  );
}

function AcceptButton({
  quote,
  busy,
  onAccept,
}: {
  quote: QuoteAnswer;
  busy: boolean;
  onAccept: () => void;
}) {
  const { data: stats } = useApi<StatsView>('/api/v1/stats');
  const left = stats === undefined ? null : Number(BigInt(quote.validUntil) - BigInt(stats.now));
  const isOver = left !== null && left < 0;
  return (
    <button type="button" className="primary" disabled={busy || isOver} onClick={onAccept}>
      {isOver ? 'The quote has run out: ask again' : `Accept${left === null ? '' : ` (${span(left)} left)`}`}
    </button>
  );
}

/** Where the price comes from. */
function Breakdown({ quote: { breakdown } }: { quote: QuoteAnswer }) {
  const { deployment, symbol } = useMarket();
  const { basis } = breakdown;
  const base =
    basis.from === 'auctions'
      ? `Base: median of the last ${basis.slots === 1 ? 'auction' : `${basis.slots} auctions`}`
      : 'Base: the cheapest listing, as no auction has cleared lately';
  return (
    <dl className="cost" data-testid="breakdown">
      <Line name={base} amount={breakdown.base} />
      {basis.from === 'auctions' && (
        <Line
          name={`Urgency: the work is done within ${span(Number(breakdown.toleranceSeconds))}`}
          amount={breakdown.urgency}
        />
      )}
      {breakdown.gigabytes > 0 && (
        <Line
          name={`Moving ${breakdown.gigabytes} GB, ${span(Number(breakdown.transferSeconds))}`}
          amount={breakdown.transfer}
        />
      )}
      <Line name={`Quote, ${symbol} per card-hour`} amount={breakdown.pricePerCardHour} />
      <Line name="For all cards and hours" amount={breakdown.cost} />
      <Line name={`Fee, ${deployment.parameters.feeBps / 100} %`} amount={breakdown.fee} />
      <div className="total">
        <dt>The most it can cost</dt>
        <dd data-testid="quote-total">
          {money(breakdown.total, 6)} {symbol}
        </dd>
      </div>
    </dl>
  );
}

/** How long the work is expected to run: the lease that is paid for may be much longer, or too short. */
function Expected({ quote: { expected, order } }: { quote: QuoteAnswer }) {
  const { symbol } = useMarket();
  if (expected.length === 0)
    return (
      <p className="quiet" data-testid="expected">
        How long the command runs is not known yet: too few runs of it, or of its kind, were measured.
      </p>
    );
  return expected.map((run) => (
    <p className={run.fits ? 'note good' : 'note bad'} data-testid="expected" key={run.className}>
      Expected on {run.cards} × {run.className}: {span(run.seconds)} ({span(run.low)} to {span(run.high)}),
      costing {money(run.cost, 6)} {symbol} of the quote. From {run.runs} measured runs of{' '}
      {run.from === 'command' ? 'this command' : `${run.kind} tasks`}.
      {!run.fits &&
        ` It may not end within the lease of ${span(Number(order['duration']))}: ask for a longer one.`}
    </p>
  ));
}

function Line({ name, amount }: { name: string; amount: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{money(amount, 6)}</dd>
    </div>
  );
}

/** What becomes of an accepted quote. */
function Progress({ id }: { id: string }) {
  const { symbol } = useMarket();
  const { data: quote } = useApi<QuoteView>(`/api/v1/quotes/${id}`);
  const [tone, words] = quote === undefined ? ['working', 'Looking…'] : progressOf(quote, symbol);
  return (
    <p className={`note ${tone}`} role="status" data-testid="quote-progress">
      {words} {quote?.state === 'PROCURED' && <Link href="/me">See “My orders and leases”.</Link>}
    </p>
  );
}

function progressOf(quote: QuoteView, symbol: string): [tone: string, words: string] {
  const amount = (value: string | null): string => `${money(value ?? '0', 6)} ${symbol}`;
  switch (quote.state) {
    case 'PROCURED':
      return quote.lease === null
        ? ['working', 'Procured; the lease is being read.']
        : [
            'good',
            `Procured at ${amount(quote.lease.rate)} per card-hour: lease ${quote.lease.id}. ${
              quote.shared === '0'
                ? 'That is the quote itself.'
                : `Your share of what that saves, ${amount(quote.shared)}, came back.`
            }`,
          ];
    case 'REFUNDED':
      return ['good', `Not procured in time: all ${amount(quote.amount)} came back.`];
    case 'HELD': {
      if (quote.receipt === null)
        return ['working', 'Accepted on-chain; the order is about to enter an auction.'];
      const back =
        quote.refundAfter === null
          ? ''
          : ` If nobody sells, it comes back after ${clockTime(quote.refundAfter)}.`;
      if (quote.outcome === null)
        return [
          'working',
          `In the auction of slot ${quote.receipt.slot}, receipt ${quote.receipt.seq}.${back}`,
        ];
      if (quote.outcome === 'matched') return ['working', `Matched in slot ${quote.slot}, being committed.`];
      return [
        'working',
        `Not in slot ${quote.slot}: ${outcomeWords(quote.outcome)}. It tries the next.${back}`,
      ];
    }
    default:
      return ['working', 'Waiting for the chain.'];
  }
}
