/**
 * Our indexer in a process of its own, as a market runs it; tells a line of JSON for each piece of work that it is sent: `cold` (to the
 * head), `live N` (to block N behind a head that moves on by a block every `PACE_MS`), `single N` (block by block to block N, a transaction
 * each), `look` (to the head, timed alone), `replay` (all state rows anew from the stored events).
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDeployment } from '../../contracts/deployment.ts';
import { createIndexer } from '../../indexer/indexer.ts';

/** 200 events a block: 66,667 a second. */
const PACE_MS = 3;

const started = performance.now();
const { DATABASE_URL = '', RPC_URL = '', DEPLOYMENT_FILE = '' } = process.env;
const deployment = parseDeployment(readFileSync(DEPLOYMENT_FILE, 'utf8'));
const indexer = await createIndexer({ databaseUrl: DATABASE_URL, rpcUrl: RPC_URL, deployment });
let looks = 0;

const WORK: Record<string, (to: bigint) => Promise<unknown>> = {
  cold: () => indexer.syncTo(),
  look: () => indexer.syncTo(),
  // The tables are loaded first, and made anew when other code made them; no block is as low.
  replay: () => indexer.syncTo(0n),
  live: followTo,
  async single(to) {
    for (let block = position() + 1n; block <= to; block++) await indexer.syncTo(block);
  },
};

/** All blocks are mined already; it is shown one after the other, and takes at each look what there is. */
async function followTo(to: bigint): Promise<void> {
  const [began, first] = [performance.now(), position()];
  while (position() < to) {
    const shown = first + BigInt(Math.floor((performance.now() - began) / PACE_MS));
    if (shown > position()) {
      looks++;
      await askHead();
      await indexer.syncTo(shown < to ? shown : to);
    } else await sleep(1);
  }
}

/** What a look at the head costs, which a sync to a block by its number does without. */
async function askHead(): Promise<void> {
  const body = '{"jsonrpc":"2.0","id":0,"method":"eth_getBlockByNumber","params":["latest",false]}';
  await (
    await fetch(RPC_URL, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  ).text();
}

function position(): bigint {
  return indexer.position()?.number ?? 0n;
}

process.on('message', (message: { work: string; to?: string }) => {
  void (async () => {
    const [began, cpu, events] = [performance.now(), process.cpuUsage(), indexer.status().events];
    looks = 0;
    await WORK[message.work]!(BigInt(message.to ?? 0));
    const { user, system } = process.cpuUsage(cpu);
    process.send!({
      seconds: (performance.now() - began) / 1_000,
      cpuSeconds: (user + system) / 1e6,
      events: indexer.status().events - events,
      block: Number(position()),
      startSeconds: (began - started) / 1_000,
      peakMemoryMb: process.resourceUsage().maxRSS / 1_024,
      looks,
    });
  })();
});
process.send!({ open: true });
