import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { HDNodeWallet } from 'ethers';
import { deploy } from '../../contracts/deploy.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import type { Parameters } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';

/** The test mnemonic's accounts, by their number in the plan of the demo. */
const ACCOUNTS = Array.from({ length: 10 }, (_, index) => {
  const phrase = 'test test test test test test test test test test test junk';
  const { privateKey, address } = HDNodeWallet.fromPhrase(phrase, '', `m/44'/60'/0'/0/${index}`);
  return { key: privateKey as Hex, address: address.toLowerCase() as Hex };
});
const DEPLOYER = 0;
const SCHEDULER = 1;
const TREASURY = 2;
const MONITORS = [5, 8, 9];

export interface ChainOptions {
  /** Seconds between blocks; absent: a block per transaction. */
  blockTime?: number;
  /** Blocks come from `mine` alone. */
  noMining?: boolean;
  /** Unix seconds of the genesis block. */
  timestamp?: number;
  /** TCP port; one that the system chooses when absent, which no other test can then have taken meanwhile. */
  port?: number;
}

export interface TestChain {
  rpcUrl: string;
  port: number;
  /** Mines a block, at `timestamp` (unix seconds) when given. */
  mine(timestamp?: number | bigint): Promise<void>;
  /** Sets the time of the next block, unix seconds. */
  setTime(timestamp: number | bigint): Promise<void>;
  rpc<T>(method: string, params?: unknown[]): Promise<T>;
  stop(): Promise<void>;
}

/** A real chain (anvil) on a free port of loopback, with the ten accounts of the test mnemonic. */
export async function startChain(options: ChainOptions = {}): Promise<TestChain> {
  const flags = ['--host', '127.0.0.1', '--port', String(options.port ?? 0)];
  if (options.blockTime !== undefined) flags.push('--block-time', String(options.blockTime));
  if (options.noMining === true) flags.push('--no-mining');
  if (options.timestamp !== undefined) flags.push('--timestamp', String(options.timestamp));
  const child = spawn(anvilBinary(), flags, { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const port = await portOf(child.stdout);
  const rpcUrl = `http://127.0.0.1:${port}`;

  let id = 0;
  const rpc = async <T>(method: string, params: unknown[] = []): Promise<T> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(rpcUrl, { method: 'POST', headers, body });
    const answer = (await response.json()) as { result: T; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const setTime = async (timestamp: number | bigint): Promise<void> => {
    await rpc('evm_setNextBlockTimestamp', [Number(timestamp)]);
  };
  return {
    rpcUrl,
    port,
    rpc,
    setTime,
    mine: async (timestamp) => {
      if (timestamp !== undefined) await setTime(timestamp);
      await rpc('evm_mine');
    },
    stop: async () => {
      process.off('exit', killWithUs);
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Deploys a market by account 0, with scheduler 1, treasury 2 and monitors 5, 8 and 9; `onBroadcast` mines where nothing else does. */
export async function deployMarket(
  rpcUrl: string,
  parameters: Partial<Parameters> = {},
  onBroadcast?: () => Promise<void>,
): Promise<Deployment> {
  return deploy({
    rpcUrl,
    deployerKey: account(DEPLOYER).key,
    scheduler: account(SCHEDULER).address,
    treasury: account(TREASURY).address,
    adminDelaySeconds: 0,
    monitors: MONITORS.map((index) => account(index).address),
    // Within the short settle lags that tests choose.
    parameters: { ...DEFAULTS, noShowGraceSeconds: 1, ...parameters },
    onBroadcast,
  });
}

/** An account of the test mnemonic, 0 to 9. */
export function account(index: number): { key: Hex; address: Hex } {
  const found = ACCOUNTS[index];
  if (found === undefined) throw new Error(`there are ten accounts, no account ${index}`);
  return found;
}

/** The port that the chain says it listens on; what it says later is dropped. */
async function portOf(said: Readable): Promise<number> {
  let port: string | undefined;
  for await (const line of createInterface({ input: said })) {
    port = /^Listening on .*:(\d+)$/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  said.resume();
  if (port !== undefined) return Number(port);
  throw new Error('The chain ended before it listened: is its port taken?');
}

/** The program itself, not its Node wrapper: a signal then reaches the chain. */
function anvilBinary(): string {
  const os = platform() === 'win32' ? 'win32' : platform();
  const cpu = arch() === 'x64' ? 'amd64' : arch();
  const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'));
  const program = platform() === 'win32' ? 'anvil.exe' : 'anvil';
  return require.resolve(`@foundry-rs/anvil-${os}-${cpu}/bin/${program}`);
}
