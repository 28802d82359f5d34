/** `cardhour provider run` and `status`. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentHealth } from '../../provider/agent.ts';
import { readKey, readPassphrase } from '../../provider/keyfile.ts';
import { leaseFiles } from '../../provider/lease/lease-files.ts';

/** The agent with the key of its folder; the rest of its environment is provider/README.md's. */
export async function runProvider({ data }: { data: string }): Promise<void> {
  const folder = resolve(data);
  process.env.PROVIDER_KEY ??= readKey(join(folder, 'key.json'), readPassphrase(process.env));
  process.env.DATA_DIR ??= folder;
  // What the agent starts shall not inherit it.
  delete process.env.CARDHOUR_PASSPHRASE;
  await import('../../provider/main.ts');
}

/** @param health the agent's HEALTH_PORT; without an answer there, what is on disk is told alone */
export async function showStatus(
  { data, health }: { data: string; health?: string },
  log: (line: string) => void,
): Promise<void> {
  const answer = await agentHealth(health);
  if (!answer) log('agent     does not answer (set --health to its HEALTH_PORT)');
  else
    log(
      `agent     ${answer.provider}, block ${answer.block}, ${answer.nodes} nodes, ${answer.leases} leases`,
    );
  for (const pool of answer?.pools ?? [])
    log(
      `pool      ${pool.name}: ${pool.plugin} ${pool.version} ${pool.state}, ${pool.leases} leases, ${pool.restarts} restarts${pool.lastEnd === null ? '' : ` (${pool.lastEnd})`}`,
    );
  const folder = join(resolve(data), 'leases');
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const state = leaseFiles(folder, BigInt(name)).load();
    if (!state) continue;
    const { cardMs = 0, cpuMs = 0 } = state.usage;
    const exit = state.exitCode === undefined ? '' : ` (${state.exitCode})`;
    log(
      `lease     ${name}: ${state.state}${exit}${state.done ? ', over' : ''}; ${Math.round(cardMs / 1000)} card-seconds, ${Math.round(cpuMs / 1000)} CPU-seconds${state.logHash === undefined ? '' : `, log ${state.logHash}`}`,
    );
  }
}

async function agentHealth(port: string | undefined): Promise<AgentHealth | null> {
  if (port === undefined) return null;
  const url = `http://127.0.0.1:${port}/healthz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  return response === null ? null : ((await response.json()) as AgentHealth);
}
