/**
 * `npm run bench -- indexer`: the same events through our indexer and through Ponder, on one node and one durable PostgreSQL: 200 a block,
 * each two upserts of 1,000 accounts and one insert. `cold` is a first sync; `replay` makes all state rows anew from 1,000,000 stored
 * events; `live` follows a head that moves on by 66,667 events a second; `single` takes blocks one by one, a transaction each; `recover`
 * is from SIGKILL, while a transaction was open, to the restarted process being ready at the head; `reorg64` from asking to having 64
 * blocks of 200 events taken back and the first of the new branch stored. Ponder: `cold` and `replay` are its backfills, from the node and
 * from what it fetched before; `live` is what it makes of blocks as they are mined. Not in `--quick`: Ponder.
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Bench } from './bench.ts';
import { ACCOUNTS, EVENTS_PER_BLOCK, openGround, type Ground } from './indexer/ground.ts';
import { measurePonder } from './indexer/ponder.ts';
import { startMain, startOurs, type Done } from './indexer/process.ts';
import { storeHistory } from './indexer/stored.ts';

const BLOCKS = 500;
const LIVE_BLOCKS = 150;
const PONDER_LIVE_BLOCKS = 50;
const REORGANISED = 64;
const REPLAYED = 1_000_000;
const COLD_RUNS = 3;

export const bench: Bench = async (seed, { quick }) => {
  const [blocks, replayed, following] = quick ? [20, 20_000, 10] : [BLOCKS, REPLAYED, LIVE_BLOCKS];
  const say = (sentence: string): void => console.error(sentence);
  const ground = await openGround();
  try {
    say(`mining ${blocks} blocks of ${EVENTS_PER_BLOCK} events`);
    await ground.mine(blocks);
    const node = await readAlone(ground, blocks);
    const colds: Cold[] = [];
    let url = '';
    for (let run = 0; run < (quick ? 1 : COLD_RUNS); run++) {
      url = await ground.database(`cold_${run}`, true);
      const ours = await startOurs(ground, url);
      const [began, busy] = [performance.now(), busySeconds()];
      const done = await ours.do('cold');
      colds.push({ ...done, busyCores: ((busySeconds() - busy) * 1_000) / (performance.now() - began) });
      await ours.end();
    }
    say('cold done');
    const history = await ground.database('replay', true);
    await storeHistory(ground, history, replayed, seed);
    const again = await startOurs(ground, history);
    const replay = await again.do('replay');
    await again.end();
    say('replay done');
    // Ponder before the chain is bent.
    const ponder = quick
      ? undefined
      : await measurePonder(ground, await ground.database('ponder', false), PONDER_LIVE_BLOCKS, say);
    const live = await advance(ground, url, 'live', following);
    const recoverSeconds = await recover(ground, url);
    const reorg = await reorganise(ground, url);
    const single = await advance(ground, url, 'single', following);
    const cold = colds.toSorted((a, b) => a.seconds - b.seconds)[colds.length >> 1]!;
    const coldRate = rate(cold);
    return {
      measured: `${blocks * EVENTS_PER_BLOCK} events of ${ACCOUNTS} accounts in ${blocks} blocks; a shared machine makes every rate a lower bound`,
      figures: {
        coldEventsPerSecond: coldRate,
        replayEventsPerSecond: Math.round(replayed / replay.seconds),
        liveEventsPerSecond: rate(live),
        recoverSeconds: round(recoverSeconds),
        reorg64Ms: Math.round(reorg.seconds * 1_000),
        peakMemoryMb: Math.round(peak([...colds, replay, live, single, reorg])),
        ponder,
        timesPonderCold: ponder === undefined ? undefined : round(coldRate / ponder.coldEventsPerSecond),
        cpuMicrosecondsPerEvent: {
          cold: round((cold.cpuSeconds / cold.events) * 1e6),
          replay: round((replay.cpuSeconds / replayed) * 1e6),
          live: round((live.cpuSeconds / live.events) * 1e6),
        },
        liveBlocksPerLook: round(following / live.looks),
        singleEventsPerSecond: rate(single),
        coldCores: {
          ofIndexer: round(cold.cpuSeconds / cold.seconds),
          ofAllProcesses: round(cold.busyCores),
        },
        nodeAloneEventsPerSecond: node,
        coldRuns: colds.map(rate),
      },
    };
  } finally {
    await ground.close();
  }
};

interface Cold extends Done {
  /** Cores that all processes of the machine kept busy meanwhile, those of others too. */
  busyCores: number;
}

/** Seconds for which the machine's cores have worked. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000;
}

/** Events a second that the node hands out as receipts when nobody reads them: no indexer that proves its logs is faster on it. */
async function readAlone(ground: Ground, blocks: number): Promise<number> {
  const began = performance.now();
  const AT_ONCE = 16;
  const read = async (from: number): Promise<void> => {
    for (let block = from; block <= blocks + 1; block += 3 * AT_ONCE) {
      const calls = Array.from({ length: Math.min(AT_ONCE, blocks + 2 - block) }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'eth_getBlockReceipts',
        params: [`0x${(block + id).toString(16)}`],
      }));
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(ground.chain.rpcUrl, {
        method: 'POST',
        headers,
        body: JSON.stringify(calls),
      });
      await answer.arrayBuffer();
    }
  };
  // As many at once as the indexer has.
  await Promise.all([0, 1, 2].map((at) => read(2 + at * AT_ONCE)));
  return Math.round((blocks * EVENTS_PER_BLOCK * 1_000) / (performance.now() - began));
}

async function advance(ground: Ground, url: string, how: 'live' | 'single', blocks: number): Promise<Done> {
  const ours = await startOurs(ground, url);
  await ours.do('cold');
  await ground.mine(blocks);
  const done = await ours.do(how, await headOf(ground));
  await ours.end();
  return done;
}

async function recover(ground: Ground, url: string): Promise<number> {
  const first = await startMain(ground, url);
  await first.untilAt(await headOf(ground));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let open = false;
  const mining = (async () => {
    while (!open) await ground.mine(1);
  })();
  while (!open) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'`,
    );
    open = rowCount !== 0;
    if (!open) await sleep(0);
  }
  await first.end();
  const killed = performance.now();
  const second = await startMain(ground, url);
  await mining;
  await second.untilAt(await headOf(ground));
  const seconds = (performance.now() - killed) / 1_000;
  await second.end();
  await client.end();
  return seconds;
}

async function reorganise(ground: Ground, url: string): Promise<Done> {
  const fork = await ground.chain.rpc<string>('evm_snapshot');
  await ground.mine(REORGANISED);
  const ours = await startOurs(ground, url);
  await ours.do('cold');
  await ground.chain.rpc('evm_revert', [fork]);
  await ground.chain.rpc('evm_increaseTime', [1_000]);
  await ground.mine(1);
  const look = await ours.do('look');
  await ours.end();
  return look;
}

async function headOf(ground: Ground): Promise<number> {
  return Number(await ground.chain.rpc<string>('eth_blockNumber'));
}

function rate({ events, seconds }: Done): number {
  return Math.round(events / seconds);
}

function peak(all: readonly Done[]): number {
  return Math.max(...all.map(({ peakMemoryMb }) => peakMemoryMb));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
