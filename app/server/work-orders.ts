/** Work orders of leases that a person provisions: placed by the provider's plugin, answered in the web app. */
import { hashMessage } from 'viem';
import { Refusal } from '../../domain/refusal.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import {
  leaseOf,
  nextState,
  WORK_ORDER_PATIENCE,
  workOrderText,
  type WorkOrder,
  type WorkOrderRequest,
  type WorkOrderState,
} from '../../domain/work-order.ts';
import type { Database } from '../../prisma/client.ts';
import { parse } from './parse.ts';
import { workOrderSchema } from './wire.ts';

type Row = NonNullable<Awaited<ReturnType<Database['workOrder']['findFirst']>>>;

/** Orders of one provider that are not over. */
const MOST_OPEN = 1_000;
/** The newest that a list holds. */
const LISTED = 500;

/**
 * Does what a signed request asks for, and answers with the orders that it is about.
 * @param now unix seconds
 */
export async function handleWorkOrder(
  db: Database,
  domain: SigningDomain,
  input: unknown,
  now: number,
): Promise<{ orders: WorkOrder[] }> {
  const { signature, ...request } = parse(workOrderSchema, input) as WorkOrderRequest & { signature: Hex };
  if (Math.abs(request.at - now) > WORK_ORDER_PATIENCE)
    throw new Refusal(
      'EXPIRED',
      'The request is too old, or from a clock that is off.',
      'Set the clock and sign again.',
    );
  const signer = recoverSigner(hashMessage(workOrderText(domain, request)), signature);
  if (request.action === 'access') return access(db, request, signer);
  await mayActFor(db, request.provider, signer);
  await expire(db, request.provider, now);
  switch (request.action) {
    case 'list':
      return { orders: await listOf(db, request) };
    case 'place':
      return { orders: [await place(db, request, now)] };
    default:
      return { orders: [await act(db, request, now)] };
  }
}

/** The provider itself, or the key that signs for it. */
async function mayActFor(db: Database, provider: Hex, signer: Hex | null): Promise<void> {
  const known = await db.provider.findUnique({ where: { address: provider }, select: { signer: true } });
  if (known !== null && signer !== null && (signer === provider || signer === known.signer)) return;
  throw new Refusal(
    'BAD_SIGNATURE',
    `The request is not signed for the provider ${provider}.`,
    'Sign its text with the provider’s account or with its signing key.',
  );
}

/** The access of a lease, for the consumer that pays for it. */
async function access(
  db: Database,
  request: WorkOrderRequest,
  signer: Hex | null,
): Promise<{ orders: WorkOrder[] }> {
  const leaseId = leaseOf(request.order ?? '');
  const lease = await db.lease.findUnique({
    where: { id: leaseId },
    select: { consumer: true, provider: true },
  });
  if (lease === null || lease.consumer !== signer || lease.provider !== request.provider)
    throw new Refusal('NOT_PARTY', `Lease ${leaseId} is not yours.`, 'Sign with the account that leased it.');
  const rows = await db.workOrder.findMany({
    where: { provider: request.provider, leaseId, state: 'provisioned' },
  });
  return { orders: rows.map(viewOf) };
}

async function place(db: Database, request: WorkOrderRequest, now: number): Promise<WorkOrder> {
  const { provider, pool, order, terms } = request;
  if (pool === undefined || order === undefined || terms === undefined)
    throw new Refusal('MALFORMED', 'An order needs a pool, a name and terms.', 'Send all three.');
  const id = { provider_pool_order: { provider, pool, order } };
  const before = await db.workOrder.findUnique({ where: id });
  if (before && !before.released) return viewOf(before);
  const leaseId = leaseOf(order);
  const lease = await db.lease.findUnique({ where: { id: leaseId }, select: { provider: true } });
  if (lease === null)
    throw new Refusal(
      'NOT_FOUND',
      `Lease ${leaseId} is not known here.`,
      'Place it again when its block is indexed.',
      {
        retryable: true,
      },
    );
  if (lease.provider !== provider)
    throw new Refusal(
      'NOT_PARTY',
      `Lease ${leaseId} is another provider’s.`,
      'Place orders for your own leases.',
    );
  const open = await db.workOrder.count({
    where: { provider, state: { in: ['open', 'provisioned', 'closing'] } },
  });
  if (open >= MOST_OPEN)
    throw new Refusal('TOO_LARGE', `There are ${open} open work orders.`, 'Finish some of them first.');
  const data = {
    leaseId,
    className: terms.class,
    cards: terms.cards,
    seconds: terms.seconds,
    command: terms.command,
    deadline: BigInt(terms.deadline),
    state: 'open',
    access: null,
    note: null,
    placedAt: BigInt(now),
    provisionedAt: null,
    endedAt: null,
    released: false,
  };
  return viewOf(
    await db.workOrder.upsert({ where: id, create: { provider, pool, order, ...data }, update: data }),
  );
}

async function act(db: Database, request: WorkOrderRequest, now: number): Promise<WorkOrder> {
  const { provider, pool, order, action } = request;
  if (pool === undefined || order === undefined)
    throw new Refusal('MALFORMED', 'The request names no order.', 'Send pool and order.');
  if (action === 'provision' && !request.access)
    throw new Refusal('MALFORMED', 'Access details are missing.', 'Say how the consumer reaches its cards.');
  const id = { provider_pool_order: { provider, pool, order } };
  // Two people, or a person and the plugin: the second sees what the first did.
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM work_order WHERE provider = ${provider} AND pool = ${pool} AND "order" = ${order} FOR UPDATE`;
    const row = await tx.workOrder.findUnique({ where: id });
    if (row === null)
      throw new Refusal('NOT_FOUND', `There is no order ${order}.`, 'Look at the list again.');
    if (action === 'forget') {
      await tx.workOrder.update({ where: id, data: { released: true } });
      return viewOf({ ...row, released: true });
    }
    const state = nextState(row.state as WorkOrderState, action);
    if (state === row.state) return viewOf(row);
    const over = state !== 'provisioned' && row.endedAt === null ? { endedAt: BigInt(now) } : {};
    const changed = await tx.workOrder.update({
      where: id,
      data: {
        state,
        ...over,
        ...(state === 'provisioned'
          ? { access: request.access ?? '', provisionedAt: BigInt(now) }
          : { access: null }),
        ...(request.note === undefined ? {} : { note: request.note }),
      },
    });
    return viewOf(changed);
  });
}

async function listOf(db: Database, { provider, pool }: WorkOrderRequest): Promise<WorkOrder[]> {
  const rows = await db.workOrder.findMany({
    // What a pool has forgotten, and nobody took back yet, still holds its cards.
    where:
      pool === undefined ? { provider } : { provider, pool, OR: [{ released: false }, { state: 'closing' }] },
    orderBy: [{ placedAt: 'desc' }, { order: 'asc' }],
    take: LISTED,
  });
  return rows.map(viewOf);
}

/** An order that nobody took in time, and one whose lease's time is over, whoever looks first. */
async function expire(db: Database, provider: Hex, now: number): Promise<void> {
  await db.$executeRaw`
    UPDATE work_order SET state = 'expired', "endedAt" = deadline
    WHERE provider = ${provider} AND state = 'open' AND deadline < ${BigInt(now)}`;
  await db.$executeRaw`
    UPDATE work_order SET state = 'closing', access = NULL, "endedAt" = "provisionedAt" + seconds
    WHERE provider = ${provider} AND state = 'provisioned' AND "provisionedAt" + seconds <= ${BigInt(now)}`;
}

function viewOf(row: Row): WorkOrder {
  const time = (value: bigint | null) => (value === null ? null : Number(value));
  return {
    pool: row.pool,
    order: row.order,
    leaseId: row.leaseId.toString(),
    state: row.state as WorkOrderState,
    class: row.className,
    cards: row.cards,
    seconds: row.seconds,
    command: row.command as string[],
    deadline: Number(row.deadline),
    access: row.access,
    note: row.note,
    placedAt: Number(row.placedAt),
    provisionedAt: time(row.provisionedAt),
    endedAt: time(row.endedAt),
    released: row.released,
  };
}
