'use client';

import { useState } from 'react';
import { ZERO_HASH } from '../../domain/hash.ts';
import { regionId } from '../../domain/names.ts';
import type { Hex } from '../../domain/types.ts';
import { parseMoney } from '../../domain/units.ts';
import type { ClassView } from '../views.ts';
import { ActionNote } from './action-note.tsx';
import { Cost } from './cost.tsx';
import { DurationField } from './duration-field.tsx';
import { money, span } from './format.ts';
import { useMarket } from './market.ts';
import { EXAMPLE_COMMAND, termsProblem } from './terms.ts';
import { bid } from './trade.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';

/** A sealed bid for the next auction of a class: the start price is the most it pays. */
export function BidForm({ resource, onClose }: { resource: ClassView; onClose: () => void }) {
  const { deployment, symbol } = useMarket();
  const { wallet } = useWallet();
  const action = useAction();
  const [cards, setCards] = useState('1');
  const [duration, setDuration] = useState(3600);
  const [command, setCommand] = useState(EXAMPLE_COMMAND);
  const [region, setRegion] = useState('');
  const [price, setPrice] = useState(() => suggested(resource));
  const count = Number(cards);
  const rate = rateOf(price);
  const problem =
    rate === null
      ? 'Enter the start price as a number above 0, with at most 6 decimals.'
      : termsProblem(count, duration, resource.cards, deployment.parameters);
  const last = resource.prices[0];

  return (
    <form
      className="card order"
      aria-label="Bid"
      onSubmit={(event) => {
        event.preventDefault();
        if (wallet === null || problem !== null || rate === null) return;
        void action.run('Reading the chain.', async (say) => {
          const { note } = await bid(
            wallet,
            deployment,
            {
              requirement: resource.id as Hex,
              region: region === '' ? ZERO_HASH : regionId(region),
              cards: count,
              duration,
              startPrice: rate,
              command,
            },
            say,
          );
          const done = `Handed in. The auction of this slot closes within ${span(deployment.parameters.slotSeconds)}: see “My orders and leases”.`;
          return note === undefined ? done : `${done} But: ${note.sentence} The bid waits for a lower ask.`;
        });
      }}
    >
      <div className="head">
        <h2>Bid for {resource.name}</h2>
        <button type="button" className="plain" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </div>
      <p className="quiet">
        The price falls from your start price until one provider is left; you pay what the runner-up would
        not.
        {last === undefined
          ? ' No auction of this class has cleared yet.'
          : ` The last one cleared at ${money(last.price)} ${symbol} per card-hour.`}
      </p>
      <div className="fields">
        <label>
          Cards
          <input
            type="number"
            min={1}
            max={resource.cards}
            value={cards}
            onChange={(event) => {
              setCards(event.target.value);
            }}
          />
        </label>
        <DurationField seconds={duration} onChange={setDuration} />
        <label>
          Start price, {symbol} per card-hour
          <input
            inputMode="decimal"
            aria-label="Start price"
            value={price}
            onChange={(event) => {
              setPrice(event.target.value);
            }}
          />
        </label>
        <label>
          Region
          <select
            value={region}
            onChange={(event) => {
              setRegion(event.target.value);
            }}
          >
            <option value="">anywhere</option>
            {resource.regions.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label className="wide">
          Command
          <textarea
            rows={2}
            value={command}
            spellCheck={false}
            onChange={(event) => {
              setCommand(event.target.value);
            }}
          />
        </label>
      </div>
      {problem === null && rate !== null ? (
        <Cost cards={count} duration={duration} rate={rate} atMost />
      ) : (
        <p className="note bad">{problem}</p>
      )}
      <button type="submit" className="primary" disabled={wallet === null || problem !== null || action.busy}>
        {wallet === null ? 'Connect a wallet to bid' : 'Bid'}
      </button>
      <ActionNote action={action} />
    </form>
  );
}

/** A start price to begin with: a quarter above the last clearing price, or the cheapest listing. */
function suggested({ prices, listings }: ClassView): string {
  const last = prices[0]?.price;
  const base = last === undefined ? BigInt(listings[0]?.price ?? 1_000_000) : (BigInt(last) * 5n) / 4n;
  return money(base, 2).replaceAll(',', '');
}

function rateOf(text: string): bigint | null {
  try {
    const rate = parseMoney(text);
    return rate > 0n ? rate : null;
  } catch {
    return null;
  }
}
