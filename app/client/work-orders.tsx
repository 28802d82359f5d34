'use client';

import { useState } from 'react';
import { workOrderText, type WorkOrder, type WorkOrderRequest } from '../../domain/work-order.ts';
import { ActionNote } from './action-note.tsx';
import { postJson } from './api.ts';
import { useMarket } from './market.ts';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';

type Part = Omit<WorkOrderRequest, 'provider' | 'at'>;
type Send = (part: Part) => Promise<WorkOrder[]>;

const STATES: Record<WorkOrder['state'], string> = {
  open: 'to be provisioned',
  provisioned: 'provisioned',
  refused: 'refused',
  expired: 'not provisioned in time',
  closing: 'access to be taken back',
  done: 'done',
};

/** The provider's inbox: what waits for it first. */
export function WorkOrders() {
  const { deployment } = useMarket();
  const { address, wallet, wrongChain } = useWallet();
  const [orders, setOrders] = useState<WorkOrder[] | null>(null);
  const action = useAction();

  if (address === null || wallet === null || wrongChain)
    return <p className="note">Connect the wallet of the provider’s account.</p>;

  const send: Send = async (part) => {
    const request: WorkOrderRequest = { ...part, provider: address, at: Math.floor(Date.now() / 1_000) };
    const message = workOrderText({ chainId: deployment.chainId, auction: deployment.auction }, request);
    const signature = await wallet.signMessage({ message });
    return (await postJson<{ orders: WorkOrder[] }>('/api/v1/work-orders', { ...request, signature })).orders;
  };
  const read = () =>
    void action.run('Waiting for your signature…', async () => {
      setOrders(await send({ action: 'list' }));
      return 'These are your orders.';
    });
  const act = (part: Part, done: string) =>
    void action.run('Waiting for your signature…', async () => {
      const [changed] = await send(part);
      setOrders((all) => all?.map((order) => (changed && isSame(order, changed) ? changed : order)) ?? null);
      return done;
    });

  const waiting = orders?.filter(({ state }) => WAITING.includes(state)) ?? [];
  const others = orders?.filter(({ state }) => !WAITING.includes(state)) ?? [];
  return (
    <section>
      <button type="button" className="primary" disabled={action.busy} onClick={read}>
        {orders === null ? 'Show my orders' : 'Look again'}
      </button>
      <ActionNote action={action} />
      {orders?.length === 0 && <p className="quiet">No orders yet.</p>}
      {[...waiting, ...others].map((order) => (
        <OrderCard key={`${order.pool}/${order.order}`} order={order} busy={action.busy} act={act} />
      ))}
    </section>
  );
}

const WAITING: WorkOrder['state'][] = ['open', 'closing'];

function OrderCard(props: { order: WorkOrder; busy: boolean; act: (part: Part, done: string) => void }) {
  const { order, busy, act } = props;
  const [access, setAccess] = useState('');
  const [note, setNote] = useState('');
  const named = { pool: order.pool, order: order.order };
  return (
    <article className="card" data-testid={`order-${order.order}`}>
      <h3>
        Lease {order.leaseId}: {order.cards} × {order.class}
      </h3>
      <p>
        <strong>{STATES[order.state]}</strong>
        {order.state === 'open' && <> by {timeText(order.deadline)}</>}
        {order.state === 'provisioned' && order.provisionedAt !== null && (
          <> until {timeText(order.provisionedAt + order.seconds)}</>
        )}
        {order.note !== null && <> — {order.note}</>}
      </p>
      <p className="quiet">
        Pool {order.pool}, {Math.ceil(order.seconds / 60)} minutes, placed {timeText(order.placedAt)}
      </p>
      {order.command.length > 0 && <pre className="mono">{order.command.join(' ')}</pre>}
      {order.access !== null && <pre className="mono">{order.access}</pre>}
      {order.state === 'open' && (
        <>
          <label>
            Access details, for the consumer alone
            <textarea
              rows={3}
              value={access}
              placeholder="ssh -p 2201 team7@gpu-14.example.org, key of your account"
              onChange={(event) => {
                setAccess(event.target.value);
              }}
            />
          </label>
          <button
            type="button"
            className="primary"
            disabled={busy || access.trim() === ''}
            onClick={() => {
              act({ action: 'provision', ...named, access: access.trim() }, 'Provisioned: the lease runs.');
            }}
          >
            Mark as provisioned
          </button>
          <label>
            Or why it can’t be done
            <input
              value={note}
              onChange={(event) => {
                setNote(event.target.value);
              }}
            />
          </label>
          <button
            type="button"
            disabled={busy || note.trim() === ''}
            onClick={() => {
              act({ action: 'refuse', ...named, note: note.trim() }, 'Refused.');
            }}
          >
            Refuse
          </button>
        </>
      )}
      {order.state === 'closing' && (
        <button
          type="button"
          className="primary"
          disabled={busy}
          onClick={() => {
            act({ action: 'finish', ...named }, 'Done: the cards are free again.');
          }}
        >
          I took the access back
        </button>
      )}
    </article>
  );
}

function isSame(a: WorkOrder, b: WorkOrder): boolean {
  return a.pool === b.pool && a.order === b.order;
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}
