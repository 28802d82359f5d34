'use client';

import Link from 'next/link';
import { useState } from 'react';
import { feeUp, owed } from '../../domain/units.ts';
import type { LeaseView } from '../views.ts';
import { ActionNote } from './action-note.tsx';
import { useApi } from './api.ts';
import { clockTime, money, short, span } from './format.ts';
import { useMarket } from './market.ts';
import { SignIn, useSession } from './session.tsx';
import { closeLease } from './trade.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';
import { endWords, leaseStage } from './words.ts';

/** One lease: where it is, what it has cost so far, its log, and the way to end it. */
export function LeaseCard({ lease, now, account }: { lease: LeaseView; now: bigint; account: string }) {
  const { deployment, symbol } = useMarket();
  const { wallet } = useWallet();
  const action = useAction();
  const [log, setLog] = useState(!lease.settled);
  const stage = leaseStage(lease, now);
  const start = BigInt(lease.start);
  const end = BigInt(lease.end);
  const ran = (now < end ? now : end) - start;
  const elapsed = Number(ran < 0n ? 0n : ran);
  const length = Number(end - start);
  const price = owed(lease.cards, elapsed, BigInt(lease.rate));
  const soFar = lease.settled
    ? BigInt(lease.paid) + BigInt(lease.fee)
    : price + feeUp(price, deployment.parameters.feeBps);

  return (
    <article className="card lease" data-testid="lease" data-lease={lease.id}>
      <div className="head">
        <h3>
          Lease {lease.id}: {lease.cards} × {lease.className}
          {lease.consumer === account ? '' : ' (you provide)'}
        </h3>
        <span className={`tag ${stage.tone}`} data-testid="stage">
          {stage.name}
        </span>
      </div>
      <div className="progress" role="img" aria-label={`${span(elapsed)} of ${span(length)}`}>
        <span style={{ width: `${length === 0 ? 100 : Math.min(100, (elapsed / length) * 100)}%` }} />
      </div>
      <dl className="figures">
        <Item name="Time" value={`${span(elapsed)} of ${span(length)}`} />
        <Item name="Price" value={`${money(lease.rate)} ${symbol} / card-hour`} />
        <Item name="Cost so far" value={`${money(soFar, 6)} ${symbol}`} testId="cost-so-far" />
        <Item name="Locked" value={`${money(lease.locked, 6)} ${symbol}`} />
        {lease.settled && (
          <Item name="Came back" value={`${money(lease.refunded, 6)} ${symbol}`} testId="refunded" />
        )}
        <Item name="Ends" value={`${clockTime(lease.end)}, ${endWords(lease.endReason)}`} />
      </dl>
      <p className="quiet">
        {lease.slot === null ? (
          'Bought at list price'
        ) : (
          <Link href={`/slots/${lease.slot}`}>Auction of slot {lease.slot}</Link>
        )}
        {' · '}
        {lease.region}, node <span className="mono">{short(lease.node)}</span>
        {lease.report !== null && ` · ${lease.report.sandbox}, ${lease.report.heartbeats} heartbeats`}
      </p>
      <div className="row">
        <button
          type="button"
          onClick={() => {
            setLog(!log);
          }}
        >
          {log ? 'Hide log' : 'Show log'}
        </button>
        {!lease.settled && now < end && wallet !== null && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() => {
              void action.run('Confirm closing the lease in your wallet.', async () => {
                await closeLease(wallet, deployment, lease.id);
                return lease.consumer === account
                  ? `Closed; at least ${span(deployment.parameters.minBillSeconds)} are billed, the rest comes back.`
                  : `Notice given; it ends in ${span(deployment.parameters.noticeSeconds)}, and is paid until then.`;
              });
            }}
          >
            End now
          </button>
        )}
      </div>
      <ActionNote action={action} />
      {log && <Log leaseId={lease.id} account={account} />}
    </article>
  );
}

function Item({ name, value, testId }: { name: string; value: string; testId?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}

function Log({ leaseId, account }: { leaseId: string; account: string }) {
  const session = useSession();
  const mine = session === account;
  const { data } = useApi<{ text: string }>(mine ? `/api/v1/leases/${leaseId}/log` : null);
  if (!mine) return <SignIn what="logs" />;
  const text = data?.text ?? '';
  return (
    <pre className="log" data-testid="log" tabIndex={0} aria-label={`Log of lease ${leaseId}`}>
      {text === '' ? 'Nothing written yet.' : text}
    </pre>
  );
}
