/** A real indexer in a process of its own, to be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatDeployment, type Deployment } from '../../contracts/deployment.ts';

const LONGEST_START_MS = 5_000;
const MAIN = fileURLToPath(new URL('../../indexer/main.ts', import.meta.url));

export function startVictim(
  rpcUrls: string[],
  databaseUrl: string,
  deployment: Deployment,
  sealDepth: number,
) {
  const dir = mkdtempSync(join(tmpdir(), 'cardhour-simulate-'));
  writeFileSync(join(dir, 'deployment.json'), formatDeployment(deployment));
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    RPC_URL: rpcUrls.join(','),
    DEPLOYMENT_FILE: join(dir, 'deployment.json'),
    POLL_MS: '10',
    PATIENCE_MS: '0',
    SEAL_BLOCKS: String(sealDepth),
    CHECK_EVERY_MS: '0',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  // It speaks once it has caught up.
  const caughtUp = once(child.stdout, 'data').catch(() => undefined);
  child.stdout.resume();
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)));
  return {
    /** Resolves when it has caught up for the first time, or has not in a while. */
    async up(): Promise<void> {
      await Promise.race([caughtUp, exited, sleep(LONGEST_START_MS, undefined, { ref: false })]);
    },
    /** @throws Error when it had ended by itself */
    async kill(): Promise<void> {
      const code = child.exitCode;
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
      if (code !== null) throw new Error(`the indexer ended by itself with ${code}: ${said}`);
    },
  };
}
