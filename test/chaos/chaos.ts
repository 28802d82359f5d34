import { setTimeout as sleep } from 'node:timers/promises';
import { STEPS, type Step } from '../../scheduler/steps.ts';
import { random as repeatable } from '../../bench/bench.ts';
import { audit, type Findings } from './audit.ts';
import { startVictim, type Victim } from './victim.ts';
import { openWorld, PARAMETERS, type World } from './world.ts';

export interface ChaosOptions {
  points: number;
  seed: number;
  onPoint?: (done: number) => void;
  say: (sentence: string) => void;
}

export interface ChaosReport {
  points: number;
  /** Killed between two named steps; the others at a random moment. */
  chosen: number;
  random: number;
  reorgs: number;
  slots: number;
  abandoned: number;
  /** Slots that were cleared anew after a reorganisation. */
  retried: number;
  orders: number;
  matched: number;
  lost: number;
  double: number;
  stuckNonces: number;
  unaccounted: number;
  verified: number;
  ok: boolean;
  seconds: number;
  seed: number;
}

/** Real milliseconds that a process at work is given to reach its step. */
const STEP_MS = 5_000;
/** A process is killed at random within so many real milliseconds of its being at work. */
const RANDOM_MS = 1_500;
/** Share of the random kills that come while it starts. */
const STARTS = 0.15;
/** So often a process may catch up with the market before it is killed: reorganisations then meet slots that are just cleared. */
const CATCH_UP_EVERY = 8;
const CATCH_UP_MS = 10_000;
/** Share of the kills during which a second scheduler works on the same database with the same key. */
const REPLICAS = 0.2;
const QUIET_MS = 120_000;

/** Kills a scheduler again and again while the market goes on, then counts what is missing. */
export async function chaos(options: ChaosOptions): Promise<[ChaosReport, Findings]> {
  const { points, seed, onPoint } = options;
  const started = performance.now();
  const random = repeatable(seed);
  const world = await openWorld(repeatable(seed + 1));
  let replica: Victim | null = null;
  try {
    let chosen = 0;
    for (let point = 0; point < points; point += 1) {
      const step = point % 2 === 0 ? STEPS[(point / 2) % STEPS.length]! : null;
      const victim = startVictim(world.env, step);
      if (await killed(victim, step, random, world, point % CATCH_UP_EVERY === CATCH_UP_EVERY - 1))
        chosen += 1;
      await replica?.kill();
      replica = random() < REPLICAS ? startVictim(world.env, null) : null;
      onPoint?.(point + 1);
    }
    await replica?.kill();
    replica = null;
    await world.traders.stop();
    world.clock.calm();
    const last = startVictim(world.env, null);
    try {
      await untilQuiet(world, last);
    } finally {
      await last.stop();
    }
    await world.clock.stop();
    const findings = await audit(world);
    const { rows: why } = await world.pool.query<{ n: number; why: string }>(
      `SELECT count(*)::int AS n, regexp_replace(error, '[0-9]+', 'N', 'g') AS why FROM slot_run WHERE state = 'abandoned' GROUP BY 2 ORDER BY 1 DESC`,
    );
    for (const row of why) options.say(`${row.n} slots abandoned: ${row.why}`);
    const { slots, verified, lost, double, stuckNonces, unaccounted } = findings;
    const bad = lost.length + double.length + stuckNonces.length + unaccounted.length;
    const report: ChaosReport = {
      points,
      chosen,
      random: points - chosen,
      reorgs: world.clock.reorganisations(),
      slots,
      abandoned: await count(world, `SELECT count(*)::int AS n FROM slot_run WHERE state = 'abandoned'`),
      retried: await count(world, 'SELECT count(*)::int AS n FROM slot_run WHERE attempt > 1'),
      orders: world.traders.promised.length,
      matched: await count(world, 'SELECT count(*)::int AS n FROM lease'),
      lost: lost.length,
      double: double.length,
      stuckNonces: stuckNonces.length,
      unaccounted: unaccounted.length,
      verified,
      ok: bad === 0 && verified === slots && slots > 0,
      seconds: Math.round((performance.now() - started) / 1000),
      seed,
    };
    return [report, findings];
  } finally {
    await replica?.kill();
    await world.close();
  }
}

/** Whether it died at its step, rather than at a moment that we chose. */
async function killed(
  victim: Victim,
  step: Step | null,
  random: () => number,
  world: World,
  catchesUp: boolean,
): Promise<boolean> {
  const { clock } = world;
  const whileItStarts = step === null && !catchesUp && random() < STARTS;
  const ms = step === null ? random() * RANDOM_MS : STEP_MS;
  clock.hurry(false);
  if (!whileItStarts) await victim.ready;
  clock.hurry(true);
  const until = performance.now() + CATCH_UP_MS;
  while (catchesUp && (await world.standing()).isBehind && performance.now() < until) await sleep(50);
  const waits = new AbortController();
  await Promise.race([victim.exited, sleep(ms, undefined, { signal: waits.signal }).catch(() => undefined)]);
  waits.abort();
  const byItself = victim.isGone();
  if (byItself && step === null) throw new Error(`the scheduler ended by itself:\n${victim.output()}`);
  await victim.kill();
  return byItself;
}

async function count({ pool }: World, sql: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(sql);
  return rows[0]?.n ?? 0;
}

/** Waits until all orders are over and everything that the scheduler began is at its end. */
async function untilQuiet(world: World, scheduler: Victim): Promise<void> {
  const last = world.traders.promised.reduce(
    (latest, { validUntil }) => (validUntil > latest ? validUntil : latest),
    0n,
  );
  const until = performance.now() + QUIET_MS;
  for (;;) {
    const open = await count(
      world,
      `SELECT (SELECT count(*) FROM slot_run WHERE state IN ('published', 'retrying') OR (state = 'committed' AND NOT confirmed))::int
            + (SELECT count(*) FROM tx_intent WHERE state IN ('signed', 'sent'))::int
            + (SELECT count(DISTINCT o.slot) FROM "order" o LEFT JOIN slot_run r ON r.slot = o.slot WHERE r.slot IS NULL)::int
            + (SELECT count(*) FROM lease WHERE NOT settled)::int AS n`,
    );
    const isOver = world.clock.now() > last + 2n * BigInt(PARAMETERS.slotSeconds);
    if (open === 0 && isOver) return;
    if (scheduler.isGone()) throw new Error(`the scheduler ended by itself:\n${scheduler.output()}`);
    // What is open then is in the findings.
    if (performance.now() > until) return;
    await sleep(200);
  }
}
