/**
 * Durable placements: signed orders through the gateway's intake into PostgreSQL, loaded, cleared and published by a scheduler beside
 * it. The gateway accepts a slot's orders while the scheduler works on the slot before, each on a thread of its own, as their processes
 * would.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import type { SlotOrder } from '../../domain/slot.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { asSent, type Ground } from './ground.ts';
import type { PlacedSlot, SchedulerTask } from './scheduler-thread.ts';
import { GATEWAY_KEY, PARAMETERS, SLOT, type World } from './world.ts';

const SLOTS = 8;
/** Compile, and bring the asks into the scheduler's book. */
const WARM_UP = 2;
const ORDERS_PER_SLOT = 4_000;

export interface PlacementFigures {
  placements: number;
  /** From the first order's way into PostgreSQL to the last match there. */
  perSecond: number;
  /** Microseconds an order, each side alone; the database works beside both. */
  gateway: number;
  scheduler: { load: number; clear: number; publish: number };
  bound: SignatureBound;
}

/** What the curve alone takes: one signer recovered and one receipt signed at the gateway, one recovered by the scheduler. */
interface SignatureBound {
  recoveredPerSecond: number;
  signedPerSecond: number;
  /** Microseconds an order, of both sides. */
  perOrder: number;
  /** Most placements a second with two cores that do nothing else. */
  mostPerSecond: number;
  /** Placements a second were signatures free: the run's time less the curve's, computed on the slower side. */
  perSecondWithout: number;
}

export async function placements(world: World, ground: Ground): Promise<PlacementFigures> {
  const slots = Array.from({ length: SLOTS }, (_, n) => {
    const slot = SLOT + 10n + BigInt(n);
    const orders = world.ordersOf(slot, ORDERS_PER_SLOT);
    return { slot, orders, sent: orders.map(({ signed }) => asSent(signed)) };
  });
  const task: SchedulerTask = { databaseUrl: ground.databaseUrl, state: world.state, seed: world.seed };
  const scheduler = new Worker(new URL('scheduler-thread.ts', import.meta.url), { workerData: task });
  try {
    let started = 0;
    let gatewayMs = 0;
    let previous: Promise<PlacedSlot> | null = null;
    const placed: PlacedSlot[] = [];
    for (const [round, { slot, sent }] of slots.entries()) {
      if (round === WARM_UP) {
        placed.push(await previous!);
        previous = null;
        started = performance.now();
      }
      const from = performance.now();
      ground.setNow(slotEnd(slot, PARAMETERS) - 5n);
      const answers = await ground.intake.acceptOrders(sent);
      if (answers.some((answer) => !answer.ok)) throw new Error('an order was refused');
      if (round >= WARM_UP) gatewayMs += performance.now() - from;
      if (previous) placed.push(await previous);
      scheduler.postMessage(slot);
      previous = once(scheduler, 'message').then(([answer]) => answer as PlacedSlot);
    }
    placed.push(await previous!);
    const seconds = (performance.now() - started) / 1000;
    return figuresOf(placed.slice(WARM_UP), seconds, gatewayMs, slots[0]!.orders);
  } finally {
    scheduler.postMessage(null);
    await scheduler.terminate();
  }
}

function figuresOf(
  placed: readonly PlacedSlot[],
  seconds: number,
  gatewayMs: number,
  sample: readonly SlotOrder[],
): PlacementFigures {
  const orders = placed.length * ORDERS_PER_SLOT;
  const matched = placed.reduce((sum, slot) => sum + slot.matched, 0);
  const each = (ms: number): number => Math.round((ms * 1000) / orders);
  const sum = (part: keyof PlacedSlot['ms']): number => placed.reduce((total, { ms }) => total + ms[part], 0);
  const scheduler = { load: each(sum('load')), clear: each(sum('clear')), publish: each(sum('publish')) };
  const recoveredPerSecond = rate(sample, ({ id, signed }) => recoverSigner(id, signed.signature));
  const signedPerSecond = rate(sample, ({ id }) => signDigest(id, GATEWAY_KEY));
  const [recover, sign] = [1e6 / recoveredPerSecond, 1e6 / signedPerSecond];
  const gateway = each(gatewayMs);
  const slower = Math.max(
    gateway - recover - sign,
    scheduler.load + scheduler.clear + scheduler.publish - recover,
  );
  return {
    placements: matched,
    perSecond: Math.round(matched / seconds),
    gateway,
    scheduler,
    bound: {
      recoveredPerSecond,
      signedPerSecond,
      perOrder: Math.round(2 * recover + sign),
      mostPerSecond: Math.round(2e6 / (2 * recover + sign)),
      perSecondWithout: Math.round(((matched / orders) * 1e6) / slower),
    },
  };
}

/** How often a second `work` is done on one thread. */
function rate(sample: readonly SlotOrder[], work: (order: SlotOrder) => unknown): number {
  const started = performance.now();
  for (const order of sample) work(order);
  return Math.round(sample.length / ((performance.now() - started) / 1000));
}
