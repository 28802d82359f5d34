/** A real indexer in a process of its own, to be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDeployment, type Deployment } from '../../contracts/deployment.ts';

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
  const child = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  return {
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
