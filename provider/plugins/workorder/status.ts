/** A lease's status, and its log, out of its work order. */
import type { WorkOrder } from '../../../domain/work-order.ts';
import type { LeaseStatus } from '../../plugin/protocol.ts';

export function statusOf(order: WorkOrder): LeaseStatus {
  const id = order.order;
  const cards = Array.from({ length: order.cards }, (_, i) => `${id}/${i}`);
  const started = order.provisionedAt === null ? {} : { startedAt: order.provisionedAt * 1_000 };
  const times = { ...started, ...(order.endedAt === null ? {} : { endedAt: order.endedAt * 1_000 }) };
  switch (order.state) {
    case 'open':
      return { id, state: 'pending', reason: `a person provisions it, by ${timeText(order.deadline)}` };
    case 'provisioned':
      return { id, state: 'running', cards, ...started, access: order.access ?? '' };
    case 'refused':
      return {
        id,
        state: 'failed',
        reason: `the provider refused the order: ${order.note ?? 'no reason given'}`,
      };
    case 'expired':
      return { id, state: 'failed', reason: `nobody provisioned it by ${timeText(order.deadline)}` };
    case 'closing':
    case 'done':
      return { id, state: 'exited', ...(order.provisionedAt === null ? {} : { cards }), ...times };
  }
}

/** What the consumer may read of it: no access details, for logs are public. */
export function logOf(order: WorkOrder): string {
  const lines: [number | null, string][] = [
    [order.placedAt, `work order placed: ${order.cards} cards of ${order.class}`],
    [order.provisionedAt, 'provisioned: its access details are for the consumer’s account'],
  ];
  const told = lines.flatMap(([time, text]) => (time === null ? [] : [`${timeText(time)} ${text}\n`]));
  const { state, reason } = statusOf(order);
  if (order.endedAt !== null) told.push(`${timeText(order.endedAt)} over: ${reason ?? state}\n`);
  return told.join('');
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000', '');
}
