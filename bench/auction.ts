/**
 * The auction's speed: clearing alone, a slot from the book to signed transactions, its verification in Node and in a browser, and
 * durable placements; one run, one market, real signatures, a real database.
 */
import { openSigners } from '../cli/verify/signers.ts';
import { verifyInBrowser } from './auction/browser.ts';
import { clearing } from './auction/clearing.ts';
import { openGround } from './auction/ground.ts';
import { verifyJob, type VerifyFigures, type VerifyJob } from './auction/job.ts';
import { placements } from './auction/placements.ts';
import { jobOf } from './auction/publish.ts';
import { clearOnly, measureSlot } from './auction/slot.ts';
import { ALIKE, DIVERSE, makeWorld, type Shape } from './auction/world.ts';
import type { Bench } from './bench.ts';

const TARGETS = {
  clearOrdersPerSecond: 200_000,
  slot10kSeconds: 2,
  verify10kSeconds: 5,
  verifyBrowserSeconds: 10,
  placementsPerSecond: 10_000,
};

export const bench: Bench = async (seed) => {
  const memory = watchMemory();
  const world = makeWorld(DIVERSE, seed);
  say('market');
  const ground = await openGround(world.state);
  try {
    const slot = await measureSlot(world, ground);
    memory.look();
    say('slot');
    const alone = clearing(slot.cleared.matches, world.asks, world.seed);
    say('clearing');
    const verified = await verifyTwice(() => jobOf(world, slot.cleared));
    memory.look();
    say('verification');
    const browser = await inBrowser(jobOf(world, slot.cleared));
    say('browser');
    const alike = makeWorld(ALIKE, seed);
    const hard = clearOnly(alike);
    say('hard slot');
    const hardVerified = await verifyTwice(() => jobOf(alike, hard.cleared));
    memory.look();
    say('its verification');
    const placed = await placements(world, ground);
    const figures = {
      clearOrdersPerSecond: Math.min(...Object.values(alone.search)),
      slot10kSeconds: inHundredths(slot.figures.seconds),
      verify10kSeconds: inHundredths(verified.threads.seconds),
      verifyBrowserSeconds: 'seconds' in browser ? inHundredths(browser.seconds) : null,
      placementsPerSecond: placed.perSecond,
      gatewayOrdersPerSecond: placed.gateway.ordersPerSecond,
      ...memory.figures(),
      clearing: alone,
      slot: slot.figures,
      verify: verified,
      browser,
      placements: placed,
      hard: {
        matched: hard.cleared.matches.length,
        clearMs: Math.round(hard.ms),
        verify: hardVerified.threads,
      },
      targets: TARGETS,
    };
    return { measured: MEASURED, figures };
  } finally {
    await ground.close();
  }
};

const MEASURED =
  `${wordsOf(DIVERSE)}; random task vectors, 1 to 8 cards a node, a third of the nodes with leases, a tenth of the orders take two classes, a twentieth any. clearing: the slot's ` +
  'auctions alone, each checked against a clock that is walked. slot: book in memory, eligibility, shortlists, roots, manifest, pages and signed transactions, median of 7 (firstSeconds: ' +
  'before anything is compiled); bookLoadSeconds, publishSeconds apart. verify: ids, signers of all orders and asks, page bytes, events, every rule; browser: the same on one worker of Chromium. placementsPerSecond: from ' +
  'orders that a durable PostgreSQL holds with their receipts to matches that it holds, slots of 10,000 orders over the same asks, one after the other by one scheduler thread; stages: microseconds an order. gatewayOrdersPerSecond: ' +
  'what comes before that, on one thread: signature checked, receipt signed, both stored. hard: ' +
  `${wordsOf(ALIKE)}, all nodes alike, a quarter of the orders below every reserve. memory: of this process, which is gateway, scheduler and verifier together`;

type Verified = VerifyFigures & { cpuSeconds: number };

/** On one thread, and with one for every core. */
async function verifyTwice(job: () => VerifyJob): Promise<Record<'oneThread' | 'threads', Verified>> {
  const signers = openSigners();
  try {
    const oneThread = await withCpu(job(), (ready) => verifyJob(ready));
    return { oneThread, threads: await withCpu(job(), (ready) => verifyJob(ready, signers.recover)) };
  } finally {
    await signers.close();
  }
}

/** What the processor spent on it tells a slow run from a busy machine. */
async function withCpu(job: VerifyJob, run: (job: VerifyJob) => Promise<VerifyFigures>): Promise<Verified> {
  const before = process.cpuUsage();
  const figures = await run(job);
  const { user, system } = process.cpuUsage(before);
  return { ...figures, cpuSeconds: inHundredths((user + system) / 1e6) };
}

/** On a machine without a browser the other figures stand, and this one says what is missing. */
async function inBrowser(
  job: VerifyJob,
): Promise<Awaited<ReturnType<typeof verifyInBrowser>> | { missing: string }> {
  try {
    return await verifyInBrowser(job);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('No Chromium')) return { missing: error.message };
    throw error;
  }
}

function watchMemory(): { look: () => void; figures: () => { peakMemoryMb: number; peakHeapMb: number } } {
  let heap = 0;
  const look = (): void => {
    heap = Math.max(heap, process.memoryUsage().heapUsed);
  };
  return {
    look,
    figures: () => ({
      // The kernel's own mark, kilobytes.
      peakMemoryMb: Math.round(process.resourceUsage().maxRSS / 1024),
      peakHeapMb: Math.round(heap / 2 ** 20),
    }),
  };
}

function wordsOf({ orders, nodes, providers, classes, regions }: Shape): string {
  return `${orders} orders over ${nodes} asks of ${providers} providers, ${classes} ${classes === 1 ? 'class' : 'classes'}, ${regions} ${regions === 1 ? 'region' : 'regions'}`;
}

function inHundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}

function say(what: string): void {
  process.stderr.write(`auction: ${what} done\n`);
}
