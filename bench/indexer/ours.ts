/**
 * Our indexer in a process of its own, as a market runs it; tells a line of JSON for each piece of work that it is sent: `cold` (to the
 * head), `live N` (block by block to block N), `look` (to the head, timed alone), `replay` (all state rows anew from the stored events).
 */
import { readFileSync } from 'node:fs';
import { parseDeployment } from '../../contracts/deployment.ts';
import { createIndexer } from '../../indexer/indexer.ts';

const started = performance.now();
const { DATABASE_URL = '', RPC_URL = '', DEPLOYMENT_FILE = '' } = process.env;
const deployment = parseDeployment(readFileSync(DEPLOYMENT_FILE, 'utf8'));
const indexer = await createIndexer({ databaseUrl: DATABASE_URL, rpcUrl: RPC_URL, deployment });

const WORK: Record<string, (to?: bigint) => Promise<unknown>> = {
  ready: async () => undefined,
  cold: () => indexer.syncTo(),
  look: () => indexer.syncTo(),
  // The tables are loaded first, and made anew when other code made them; no block is as low.
  replay: () => indexer.syncTo(0n),
  async live(to = 0n) {
    for (let block = (indexer.position()?.number ?? 0n) + 1n; block <= to; block++)
      await indexer.syncTo(block);
  },
};

process.on('message', (message: { work: string; to?: string }) => {
  void (async () => {
    const [began, cpu, events] = [performance.now(), process.cpuUsage(), indexer.status().events];
    await WORK[message.work]!(message.to === undefined ? undefined : BigInt(message.to));
    const { user, system } = process.cpuUsage(cpu);
    process.send!({
      seconds: (performance.now() - began) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      events: indexer.status().events - events,
      block: Number(indexer.position()?.number ?? 0n),
      startSeconds: (began - started) / 1_000,
      peakMemoryMb: process.resourceUsage().maxRSS / 1_024,
    });
  })();
});
process.send!({ open: true });
