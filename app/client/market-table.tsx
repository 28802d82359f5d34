'use client';

import Link from 'next/link';
import { useState } from 'react';
import type { ClassView, ListingView, MarketView } from '../views.ts';
import { useApi } from './api.ts';
import { BidForm } from './bid-form.tsx';
import { BuyForm } from './buy-form.tsx';
import { compute, money, short, span } from './format.ts';
import { useMarket } from './market.ts';
import { PriceLine } from './price-line.tsx';

/** Listings shown per class until somebody wants all. */
const SHOWN = 4;

type Open = { kind: 'bid'; classId: string } | { kind: 'buy'; listing: ListingView } | null;

/** The classes of the network, what they cost, and the two ways to get a card. */
export function MarketTable() {
  const { data, error, isPending } = useApi<MarketView>('/api/v1/market');
  const [open, setOpen] = useState<Open>(null);
  if (isPending) return <p className="quiet">Reading the market…</p>;
  if (error !== null && data === undefined) return <p className="note bad">{error.message}</p>;
  const { classes = [], now = '0' } = data ?? {};
  if (classes.length === 0) {
    return (
      <section className="card">
        <h2>Nobody sells yet</h2>
        <p className="quiet">A provider registers, stakes and adds a node; then its cards appear here.</p>
      </section>
    );
  }
  const close = (): void => {
    setOpen(null);
  };
  return (
    <>
      {classes.map((resource) => (
        <section className="card" key={resource.id}>
          <ClassHead
            resource={resource}
            onBid={() => {
              setOpen({ kind: 'bid', classId: resource.id });
            }}
          />
          <Listings
            resource={resource}
            now={now}
            onBuy={(listing) => {
              setOpen({ kind: 'buy', listing });
            }}
          />
          {open?.kind === 'bid' && open.classId === resource.id && (
            <BidForm resource={resource} onClose={close} />
          )}
          {open?.kind === 'buy' && open.listing.className === resource.name && (
            <BuyForm key={open.listing.id} resource={resource} listing={open.listing} onClose={close} />
          )}
        </section>
      ))}
    </>
  );
}

function ClassHead({ resource, onBid }: { resource: ClassView; onBid: () => void }) {
  const { symbol } = useMarket();
  const { prices } = resource;
  const last = prices[0];
  return (
    <div className="class-head">
      <div>
        <h2>{resource.name}</h2>
        <p className="quiet">
          {resource.freeCards} of {resource.cards} cards free on {resource.nodes} nodes, {resource.askedCards}{' '}
          in the auction
          {resource.compute !== null && (
            <>
              ; {compute(resource.compute)} a card, {resource.compute.grade}
            </>
          )}
        </p>
      </div>
      <div className="last-price">
        {last === undefined ? (
          <span className="quiet">no auction cleared yet</span>
        ) : (
          <>
            <span>
              <strong>{money(last.price)}</strong>{' '}
              <span className="quiet">{symbol} per card-hour, last auction</span>
            </span>
            <PriceLine
              prices={prices.map((item) => BigInt(item.price))}
              label={`Clearing prices, oldest first: ${prices
                .map((item) => money(item.price))
                .reverse()
                .join(', ')}`}
            />
          </>
        )}
      </div>
      <button type="button" className="primary" onClick={onBid}>
        Bid
      </button>
    </div>
  );
}

function Listings({
  resource,
  now,
  onBuy,
}: {
  resource: ClassView;
  now: string;
  onBuy: (listing: ListingView) => void;
}) {
  const { symbol } = useMarket();
  const [all, setAll] = useState(false);
  if (resource.listings.length === 0)
    return <p className="quiet">Nothing is listed at a firm price: bid instead.</p>;
  const shown = all ? resource.listings : resource.listings.slice(0, SHOWN);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Provider</th>
            <th>Region</th>
            <th className="number">Cards left</th>
            <th className="number">{symbol} per card-hour</th>
            <th>Offer ends</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {shown.map((listing) => (
            <tr key={listing.id} data-testid="listing">
              <td className="mono" title={listing.provider}>
                <Link href={`/nodes/${listing.node}`} prefetch={false}>
                  {short(listing.provider)}
                </Link>
              </td>
              <td>{listing.region}</td>
              <td className="number">{listing.left}</td>
              <td className="number">{money(listing.price)}</td>
              <td className="quiet">in {span(Number(BigInt(listing.validUntil) - BigInt(now)))}</td>
              <td className="number">
                <button
                  type="button"
                  onClick={() => {
                    onBuy(listing);
                  }}
                >
                  Buy
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {resource.listings.length > SHOWN && (
        <button
          type="button"
          className="plain"
          onClick={() => {
            setAll(!all);
          }}
        >
          {all ? 'Show fewer' : `Show all ${resource.listings.length}`}
        </button>
      )}
    </>
  );
}
