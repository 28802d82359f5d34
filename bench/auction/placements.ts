/**
 * Durable placements: from orders that PostgreSQL holds with their receipts to matches that it holds. The scheduler reads, clears and
 * publishes slot after slot on a thread of its own; the gateway's own work on each order comes before that and is measured apart.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { slotEnd } from '../../domain/parameters.ts';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import type { SlotOrder } from '../../domain/slot.ts';
import { asSent, type Ground } from './ground.ts';
import { STAGES, type Placed, type Placing, type SchedulerTask, type Stage } from './placing.ts';
import { GATEWAY_KEY, PARAMETERS, SLOT, type World } from './world.ts';

const ORDERS_PER_SLOT = 10_000;
/** Slots that compile, that are placed stage by stage, that are placed with the next slot read ahead, and with the gateway beside. */
const [WARM_UP, STAGED, AHEAD, BESIDE] = [2, 2, 4, 2];

export interface PlacementFigures {
  placements: number;
  /** From the first row read to the last match stored, the next slot's rows read while PostgreSQL stores a slot. */
  perSecond: number;
  /** The same with nothing beside: each stage after the one before. */
  perSecondStaged: number;
  /** The same while a gateway checks, receipts and stores other orders, on the same cores. */
  perSecondWithGateway: number;
  /** Microseconds an order of each stage, one after the other, and of the scheduler thread's processor time. */
  stages: Record<Stage | 'cpu', number>;
  /** Placements a second were that thread never to wait for PostgreSQL: what its own work alone allows. */
  threadBoundPerSecond: number;
  gateway: GatewayFigures;
}

/** Before an order counts as accepted: its signature is checked, its receipt signed, both stored. */
interface GatewayFigures {
  ordersPerSecond: number;
  /** Microseconds an order, and how much of them the curve alone takes: one signer recovered, one receipt signed. */
  perOrder: number;
  curve: number;
}

export async function placements(world: World, ground: Ground): Promise<PlacementFigures> {
  const supply = slotsOf(world);
  const first = supply(WARM_UP + STAGED + AHEAD);
  const accept = async (slots: readonly Sent[]): Promise<number> => {
    const started = performance.now();
    for (const { slot, sent } of slots) {
      ground.setNow(slotEnd(slot, PARAMETERS) - 5n);
      const answers = await ground.intake.acceptOrders(sent);
      if (answers.some((answer) => !answer.ok)) throw new Error('an order was refused');
    }
    return performance.now() - started;
  };
  const scheduler = startScheduler({
    databaseUrl: ground.databaseUrl,
    state: world.state,
    seed: world.seed,
    ordersPerSlot: ORDERS_PER_SLOT,
  });
  try {
    const [warm, staged, ahead] = [
      first.slice(0, WARM_UP),
      first.slice(WARM_UP, WARM_UP + STAGED),
      first.slice(WARM_UP + STAGED),
    ];
    for (const one of warm) {
      await accept([one]);
      await scheduler.place([one], true);
    }
    const gatewayMs = await accept([...staged, ...ahead]);
    const byStage = await scheduler.place(staged, false);
    const flowing = await scheduler.place(ahead, true);

    const beside = supply(2 * BESIDE);
    await accept(beside.slice(0, BESIDE));
    const [crowded] = await Promise.all([
      scheduler.place(beside.slice(0, BESIDE), true),
      accept(beside.slice(BESIDE)),
    ]);
    return {
      placements: flowing.matched,
      perSecond: perSecond(flowing),
      perSecondStaged: perSecond(byStage),
      perSecondWithGateway: perSecond(crowded),
      stages: stagesOf(byStage, STAGED * ORDERS_PER_SLOT),
      threadBoundPerSecond: Math.round((flowing.matched * 1000) / flowing.cpuMs),
      gateway: gatewayOf(gatewayMs, (STAGED + AHEAD) * ORDERS_PER_SLOT, first[0]!.orders),
    };
  } finally {
    await scheduler.end();
  }
}

interface Sent {
  slot: bigint;
  orders: SlotOrder[];
  /** As clients send them. */
  sent: unknown[];
}

/** Slots with orders of their own, the next ones each time. */
function slotsOf(world: World): (count: number) => Sent[] {
  let next = SLOT + 10n;
  return (count) =>
    Array.from({ length: count }, () => {
      const slot = next++;
      const orders = world.ordersOf(slot, ORDERS_PER_SLOT);
      return { slot, orders, sent: orders.map(({ signed }) => asSent(signed)) };
    });
}

function startScheduler(task: SchedulerTask) {
  const worker = new Worker(new URL('scheduler-thread.ts', import.meta.url), { workerData: task });
  return {
    async place(slots: readonly Sent[], ahead: boolean): Promise<Placed> {
      const placing: Placing = { slots: slots.map(({ slot }) => slot), ahead };
      worker.postMessage(placing);
      const [answer] = (await once(worker, 'message')) as [Placed];
      return answer;
    },
    async end(): Promise<void> {
      worker.postMessage(null);
      await worker.terminate();
    },
  };
}

function perSecond({ matched, ms }: Placed): number {
  return Math.round((matched * 1000) / ms);
}

function stagesOf({ stages, cpuMs }: Placed, orders: number): PlacementFigures['stages'] {
  const each = (ms: number): number => Math.round((ms * 1000) / orders);
  const byStage = STAGES.map((stage) => [stage, each(stages[stage])]);
  return { ...(Object.fromEntries(byStage) as Record<Stage, number>), cpu: each(cpuMs) };
}

function gatewayOf(ms: number, orders: number, sample: readonly SlotOrder[]): GatewayFigures {
  const each = (work: (order: SlotOrder) => unknown): number => {
    const started = performance.now();
    for (const order of sample) work(order);
    return ((performance.now() - started) * 1000) / sample.length;
  };
  const recover = each(({ id, signed }) => recoverSigner(id, signed.signature));
  const sign = each(({ id }) => signDigest(id, GATEWAY_KEY));
  return {
    ordersPerSecond: Math.round((orders * 1000) / ms),
    perOrder: Math.round((ms * 1000) / orders),
    curve: Math.round(recover + sign),
  };
}
