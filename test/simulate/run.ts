/** One run: a chain that grows and reorganises, nodes that fail and lie, a wire that is cut, an indexer that dies; at the end the rows of a fresh sync. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { random as seeded } from '../../bench/bench.ts';
import { Refusal } from '../../domain/refusal.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { TABLE_NAMES } from '../support/tables.ts';
import { SimChain } from './chain.ts';
import { HONEST, startNode, type SimNode } from './node.ts';
import type { Tape } from './tape.ts';
import { startVictim } from './victim.ts';
import { openWire } from './wire.ts';

export interface Databases {
  /** Under test, and of the fresh sync. Emptied before each run. */
  tested: string;
  fresh: string;
}

export interface RunReport {
  equal: boolean;
  /** The first table that differs, or what broke. */
  difference: string;
  reorganisations: number;
  deepest: number;
  kills: number;
  faulty: number;
  cuts: number;
  refusals: number;
}

/** Reorganisations are at most as deep; what lies deeper is final. */
const DEEPEST = 64;
const SEAL_DEPTH = 66;
const LONGEST_MS = 120_000;

export async function simulate(
  tape: Tape,
  databases: Databases,
  seed: number,
  options: { realKills: boolean },
): Promise<RunReport> {
  const random = seeded(seed);
  const chain = new SimChain(tape, random);
  chain.mine(90 + Math.floor(random() * 60));
  const nodes: SimNode[] = [];
  // What nodes do wrong hangs on when they are asked, so they have dice of their own.
  for (let n = 1 + Math.floor(random() * 3); n > 0; n--)
    nodes.push(await startNode(chain, seeded(seed * 8 + n)));
  const report = { reorganisations: 0, deepest: 0, kills: 0, cuts: 0, refusals: 0 };
  const world: World = { tape, databases, chain, nodes, random, report, realKills: options.realKills };
  await Promise.all([empty(databases.tested), empty(databases.fresh)]);
  let difference = '';
  try {
    for (let step = 4 + Math.floor(random() * 6); step > 0; step--) await live(world);
    for (const node of nodes) node.faults = { ...HONEST };
    await catchUp(world, databases.tested);
    await catchUp(world, databases.fresh);
    difference = await differenceOf(databases);
  } catch (error) {
    difference = error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
  }
  const faulty = nodes.reduce((sum, node) => sum + node.faulty, 0);
  return { equal: difference === '', difference, ...report, faulty };
}

interface World {
  tape: Tape;
  databases: Databases;
  chain: SimChain;
  nodes: SimNode[];
  random: () => number;
  report: Pick<RunReport, 'reorganisations' | 'deepest' | 'kills' | 'cuts' | 'refusals'>;
  realKills: boolean;
}

/** An indexer's life: it starts, meets what comes, and ends by itself or is killed. */
async function live(world: World): Promise<void> {
  const { random, nodes, databases, report } = world;
  for (const node of nodes)
    node.faults = {
      broken: random() < 0.5 ? random() * 0.3 : 0,
      wrong: random() < 0.5 ? random() * 0.3 : 0,
      lag: random() < 0.3 ? Math.floor(random() * 12) : 0,
    };
  if (world.realKills) {
    await realLife(world);
    return;
  }
  const wire = await openWire(databases.tested);
  let indexer: Indexer | null = null;
  try {
    for (let step = 1 + Math.floor(random() * 4); step > 0; step--) {
      move(world);
      if (random() < 0.3) {
        wire.cutAfter(Math.floor(random() ** 2 * 100_000));
        report.cuts++;
      }
      indexer ??= await tryTo(report, () => open(world, wire.url));
      if (indexer === null) {
        wire.mend();
        continue;
      }
      const syncing = tryTo(report, () => indexer!.syncTo());
      // It may break before anybody waits for it.
      syncing.catch(() => undefined);
      if (random() < 0.3) {
        // The chain moves on while it works.
        await sleep(Math.floor(random() * 10));
        move(world);
      }
      if (random() < 0.25) {
        // All that it has is gone, in the middle of whatever it did.
        await sleep(Math.floor(random() * 30));
        report.kills++;
        await wire.end();
        const dead = indexer;
        indexer = null;
        void syncing.catch(() => undefined).finally(() => dead.close());
        return;
      }
      await syncing;
      wire.mend();
    }
  } finally {
    await indexer?.close();
    await wire.end().catch(() => undefined);
  }
}

/** As `live`, with a process of its own, which SIGKILL ends. */
async function realLife({ databases, nodes, chain, random, report, tape }: World): Promise<void> {
  const victim = startVictim(
    nodes.map(({ rpcUrl }) => rpcUrl),
    databases.tested,
    tape.deployment,
    SEAL_DEPTH,
  );
  // It dies in its first sync, or while it follows.
  if (random() < 0.5) await victim.up();
  else await sleep(300 + Math.floor(random() * 1_000));
  for (let step = 1 + Math.floor(random() * 3); step > 0; step--) {
    moveChain(chain, random, report);
    await sleep(Math.floor(random() * 250));
  }
  report.kills++;
  await victim.kill();
}

function move({ chain, random, report }: World): void {
  moveChain(chain, random, report);
}

function moveChain(chain: SimChain, random: () => number, report: World['report']): void {
  const depth = Math.min(1 + Math.floor(random() ** 2 * DEEPEST), chain.head - (chain.highest - SEAL_DEPTH));
  if (random() < 0.45 && depth > 0) {
    report.reorganisations++;
    report.deepest = Math.max(report.deepest, depth);
    // The new branch is at least as long as the old one, as a rule.
    chain.reorganise(depth, random() < 0.8 ? depth + Math.floor(random() * 3) : Math.max(1, depth - 2));
  } else chain.mine(1 + Math.floor(random() * 20));
}

async function catchUp(world: World, databaseUrl: string): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  for (let indexer: Indexer | null = null; ;) {
    indexer ??= await tryTo(world.report, () => open(world, databaseUrl));
    const at: bigint | null = indexer === null ? null : await tryTo(world.report, () => indexer.syncTo());
    if (at === BigInt(world.chain.head)) {
      await indexer?.close();
      return;
    }
    if (performance.now() > end) throw new Error(`still at block ${at} of ${world.chain.head}`);
    await sleep(5);
  }
}

async function differenceOf({ tested, fresh }: Databases): Promise<string> {
  const [ours, theirs] = await Promise.all([digests(tested), digests(fresh)]);
  const different = TABLE_NAMES.filter((table) => ours[table] !== theirs[table]);
  return different.length === 0 ? '' : `tables differ: ${different.join(', ')}`;
}

function open({ nodes, tape }: World, databaseUrl: string): Promise<Indexer> {
  return createIndexer({
    rpcUrl: nodes.map(({ rpcUrl }) => rpcUrl),
    databaseUrl,
    deployment: tape.deployment,
    sealDepth: SEAL_DEPTH,
  });
}

/** What it gives, or null when it is refused in a way that time mends. @throws whatever else breaks */
async function tryTo<T>(report: World['report'], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'CHAIN_REPLACED' || !error.retryable) throw error;
    report.refusals++;
    return null;
  }
}

async function empty(url: string): Promise<void> {
  await query(url, `TRUNCATE ${[...TABLE_NAMES, 'index_state'].map((table) => `"${table}"`).join(', ')}`);
}

async function digests(url: string): Promise<Record<string, unknown>> {
  const digest = (table: string): string =>
    `(SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM "${table}" t) AS "${table}"`;
  const [row] = await query(url, `SELECT ${TABLE_NAMES.map(digest).join(', ')}`);
  return row as Record<string, unknown>;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
