import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import { anvilBinary } from './chain/binary.ts';
import { newestSnapshot, saveSnapshot } from './chain/snapshot.ts';
import { openRpc, type Rpc } from './rpc.ts';
import { spawnKept } from './supervise/keeper.ts';

export const CHAIN_ID = 31_337;
/** The well-known test mnemonic of local chains: its keys are public, its money is worth nothing. */
export const DEMO_MNEMONIC = 'test test test test test test test test test test test junk';

const START_TIMEOUT_MS = 60_000;
/** A large state takes its time to be written. */
const STOP_SECONDS = 20;
/**
 * How state is kept, measured on 2 cores with 1-second blocks. A state holds every block: about 1.8 kB of JSON each, so
 * 9 MB after 5,000 blocks (90 to 220 ms to dump, 130 ms to load) and some 155 MB after a day. Dumping every second would
 * soon take the whole second, so the pause is the longer of 2 s and 25 times what the last dump took: at most 4% of a
 * core, and a `kill -9` of the chain loses at most that pause. The indexer takes the lost blocks for a reorganisation. When
 * we are killed instead of the chain, the chain writes its state as it ends and nothing is lost.
 */
const LEAST_PAUSE_MS = 2_000;
const PAUSE_PER_DUMP = 25;
/** States of past blocks kept in memory: nothing asks for a balance of the past, and without a limit they fill the disk. */
const KEPT_STATES = 64;

export interface AnvilOptions {
  /** TCP port on 127.0.0.1. */
  port: number;
  /** Where the state is kept between starts; absent: the chain is thrown away at the end. */
  stateFile?: string;
  /** Seconds between blocks; absent: blocks are mined on demand (`evm_mine`) alone. */
  blockTime?: number;
  /** Unix seconds of the first block of a new chain. */
  timestamp?: number;
  /** Accounts of the demo mnemonic with a full purse, 10 by default. */
  accounts?: number;
  /** File for the chain's own words; absent: they are dropped. */
  logFile?: string;
}

export interface RunningChain {
  rpcUrl: string;
  pid: number;
  /** Resolves when the chain is gone, for whatever reason. */
  exited: Promise<void>;
  /** Saves the state now, for what must not be lost with the chain; nothing where no state is kept. */
  save(): Promise<void>;
  /** Ends the chain, which writes its state. */
  stop(): Promise<void>;
}

/**
 * Starts a local chain with our demo accounts.
 * @throws Refusal DATA_BROKEN when its state can't be read; Error when it does not come up
 */
export async function startAnvil(options: AnvilOptions): Promise<RunningChain> {
  const { port, stateFile } = options;
  const flags = ['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(CHAIN_ID)];
  flags.push('--mnemonic', DEMO_MNEMONIC, '--accounts', String(options.accounts ?? 10), '--quiet');
  flags.push('--prune-history', String(KEPT_STATES));
  if (options.blockTime === undefined) flags.push('--no-mining');
  else flags.push('--block-time', String(options.blockTime));
  if (stateFile !== undefined) {
    mkdirSync(dirname(stateFile), { recursive: true });
    const exitFile = `${stateFile}.exit`;
    const from = await newestSnapshot(stateFile, exitFile);
    if (from !== undefined) flags.push('--load-state', from);
    else if (options.timestamp !== undefined) flags.push('--timestamp', String(options.timestamp));
    // Its own periodic dump is put off for ever: see `saveSnapshot`.
    flags.push('--dump-state', exitFile, '--state-interval', '1000000000');
  } else if (options.timestamp !== undefined) {
    flags.push('--timestamp', String(options.timestamp));
  }

  const kept = spawnKept({
    command: anvilBinary(),
    args: flags,
    logFile: options.logFile,
    graceSeconds: STOP_SECONDS,
  });
  const exited = kept.exited.then(() => undefined);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const rpc = openRpc(rpcUrl);
  await untilAnswers(rpc, exited, port);
  let last: Promise<unknown> = Promise.resolve();
  /** One save at a time: they share the file that they write beside. */
  const save = async (): Promise<number> => {
    if (stateFile === undefined) return 0;
    const next = last.then(() => saveSnapshot(rpc, stateFile));
    last = next.catch(() => undefined);
    return next;
  };
  const keeping = stateFile === undefined ? undefined : keepSnapshots(rpc, save);
  void exited.then(() => keeping?.stop());
  return {
    rpcUrl,
    pid: kept.pid,
    exited,
    async save() {
      await save();
    },
    async stop() {
      await keeping?.stop();
      await kept.stop();
      rpc.close();
    },
  };
}

async function untilAnswers(rpc: Rpc, exited: Promise<void>, port: number): Promise<void> {
  let gone = false;
  void exited.then(() => (gone = true));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!gone && Date.now() < deadline) {
    try {
      await rpc.call('eth_chainId');
      return;
    } catch {
      await sleep(20);
    }
  }
  throw new Refusal(
    'CHAIN_UNREACHABLE',
    `The local chain did not come up on port ${port}.`,
    'Look into .cardhour/logs/chain.log; when its state is broken, start over with: npm start -- --reset',
  );
}

/** Saves the state again and again; `stop` waits for the one at hand. */
function keepSnapshots(rpc: Rpc, save: () => Promise<number>): { stop(): Promise<void> } {
  const ended = new AbortController();
  let seen = '';
  const loop = async (): Promise<void> => {
    let pauseMs = LEAST_PAUSE_MS;
    while (!ended.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
      try {
        const height = await rpc.call<string>('eth_blockNumber');
        if (height === seen) continue;
        const tookMs = await save();
        seen = height;
        pauseMs = Math.max(LEAST_PAUSE_MS, PAUSE_PER_DUMP * tookMs);
      } catch {
        // The chain is gone or going: who runs it hears of that by `exited`. A full disk shows at the next write.
      }
    }
  };
  const running = loop();
  return {
    async stop() {
      ended.abort();
      await running;
    },
  };
}
