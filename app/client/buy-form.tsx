'use client';

import { useState, type ReactNode } from 'react';
import type { ClassView, ListingView } from '../views.ts';
import { ActionNote } from './action-note.tsx';
import { Cost } from './cost.tsx';
import { DurationField } from './duration-field.tsx';
import { money } from './format.ts';
import { useMarket } from './market.ts';
import { QuoteForm } from './quote-form.tsx';
import { EXAMPLE_COMMAND, termsProblem } from './terms.ts';
import { buy } from './trade.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';

/** Cards of one listing, now, at its price; or of its class at a firm quote. */
export function BuyForm({
  resource,
  listing,
  onClose,
}: {
  resource: ClassView;
  listing: ListingView;
  onClose: () => void;
}) {
  const { deployment, symbol } = useMarket();
  const { wallet } = useWallet();
  const action = useAction();
  const [cards, setCards] = useState('1');
  const [duration, setDuration] = useState(3600);
  const [command, setCommand] = useState(EXAMPLE_COMMAND);
  const [way, setWay] = useState<Way>('list');
  const count = Number(cards);
  const most = way === 'list' ? listing.left : resource.cards;
  const problem = termsProblem(count, duration, most, deployment.parameters);

  return (
    <form
      className="card order"
      aria-label="Buy"
      onSubmit={(event) => {
        event.preventDefault();
        if (wallet === null || problem !== null || way !== 'list') return;
        void action.run('Reading the chain.', async (say) => {
          await buy(wallet, deployment, listing, { cards: count, duration, command }, say);
          return 'Bought. The lease starts now: see “My orders and leases”.';
        });
      }}
    >
      <div className="head">
        <h2>
          Buy {listing.className} in {listing.region}
        </h2>
        <button type="button" className="plain" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </div>
      <fieldset className="ways">
        <legend>Price</legend>
        <WayChoice way="list" chosen={way} onChoose={setWay}>
          List price: {money(listing.price)} {symbol} per card-hour
        </WayChoice>
        <WayChoice way="quote" chosen={way} onChoose={setWay}>
          Firm quote
        </WayChoice>
      </fieldset>
      {way === 'list' && (
        <p className="quiet">
          {listing.left} cards left. It starts at once; what you do not use after an early close comes back.
        </p>
      )}
      <div className="fields">
        <label>
          Cards
          <input
            type="number"
            min={1}
            max={most}
            value={cards}
            onChange={(event) => {
              setCards(event.target.value);
            }}
          />
        </label>
        <DurationField seconds={duration} onChange={setDuration} />
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
      {way === 'quote' ? (
        <QuoteForm
          resource={resource}
          region={listing.region}
          cards={count}
          duration={duration}
          command={command}
          problem={problem}
        />
      ) : (
        <>
          {problem === null ? (
            <Cost cards={count} duration={duration} rate={BigInt(listing.price)} atMost={false} />
          ) : (
            <p className="note bad">{problem}</p>
          )}
          <button
            type="submit"
            className="primary"
            disabled={wallet === null || problem !== null || action.busy}
          >
            {wallet === null ? 'Connect a wallet to buy' : 'Buy'}
          </button>
          <ActionNote action={action} />
        </>
      )}
    </form>
  );
}

type Way = 'list' | 'quote';

function WayChoice({
  way,
  chosen,
  onChoose,
  children,
}: {
  way: Way;
  chosen: Way;
  onChoose: (way: Way) => void;
  children: ReactNode;
}) {
  return (
    <label>
      <input
        type="radio"
        name="way"
        checked={way === chosen}
        onChange={() => {
          onChoose(way);
        }}
      />
      <span>{children}</span>
    </label>
  );
}
