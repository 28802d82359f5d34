import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../cli/supervise/ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** With a build of the pages, on a slow machine. */
const START_MS = 240_000;

export interface Stack {
  url: string;
  rpcUrl: string;
  /** Moves the chain's clock on, and mines a block there. */
  advance(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** The market as `npm start` starts it, with its demo parties, on free ports and in a folder of its own. */
export async function startStack(): Promise<Stack> {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-e2e-'));
  const [port, chainPort, pgPort] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(process.execPath, ['cli/main.ts', 'up', '--data', join(dir, 'data')], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      CHAIN_PORT: String(chainPort),
      PG_PORT: String(pgPort),
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGINT');
    await exited;
    await rm(dir, { recursive: true, force: true });
  };

  const url = `http://127.0.0.1:${port}`;
  const rpcUrl = `http://127.0.0.1:${chainPort}`;
  const deadline = Date.now() + START_MS;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const logs = await readFile(join(dir, 'data', 'logs', 'web.log'), 'utf8').catch(() => '');
      await stop();
      throw new Error(`The market did not start:\n${output}\n${logs.slice(-2000)}`);
    }
    await sleep(500);
  }

  const rpc = async (method: string, params: unknown[]): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { error } = (await answer.json()) as { error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  };
  return {
    url,
    rpcUrl,
    stop,
    async advance(seconds) {
      await rpc('evm_increaseTime', [seconds]);
      await rpc('evm_mine', []);
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/health`);
    return ((await answer.json()) as { ready: boolean }).ready;
  } catch {
    return false;
  }
}
