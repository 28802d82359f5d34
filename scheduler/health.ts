import { createServer, type Server } from 'node:http';
import type { Step } from './steps.ts';

/** What the scheduler says of itself. */
export interface Health {
  /** Newest slot handed to the queue; null before the first. */
  lastSlot: bigint | null;
  committed: number;
  abandoned: number;
  matched: number;
  skipped: number;
  settled: number;
  renewed: number;
  /** Claims and demands that were answered. */
  answered: number;
  failures: number;
  /** The step that each of the newest slots has reached. */
  standing: Standing;
  /** Unix milliseconds at which the chain answered last. */
  chainSeenAt: number;
}

/** Where the newest slots stand. */
interface Standing {
  set(slot: bigint, step: Step): void;
  toJSON(): Record<string, Step>;
}

const MOST_STANDING = 32;

function newStanding(): Standing {
  const steps = new Map<bigint, Step>();
  return {
    set(slot, step) {
      steps.delete(slot);
      steps.set(slot, step);
      for (const oldest of steps.keys()) {
        if (steps.size <= MOST_STANDING) break;
        steps.delete(oldest);
      }
    },
    toJSON: () => Object.fromEntries([...steps].map(([slot, step]) => [slot.toString(), step])),
  };
}

export const newHealth = (): Health => ({
  lastSlot: null,
  committed: 0,
  abandoned: 0,
  matched: 0,
  skipped: 0,
  settled: 0,
  renewed: 0,
  answered: 0,
  failures: 0,
  standing: newStanding(),
  chainSeenAt: 0,
});

/** Silence of the chain after which we are not ready, in milliseconds. */
const CHAIN_SILENCE_MS = 15_000;

/** `/healthz` (process), `/readyz` (chain answers), `/metrics` (Prometheus text) on the loopback address. */
export function serveHealth(port: number, health: Health): Server {
  const server = createServer((request, response) => {
    const ready = Date.now() - health.chainSeenAt < CHAIN_SILENCE_MS;
    if (request.url === '/metrics') {
      const { lastSlot, chainSeenAt: _seen, standing: _standing, ...counters } = health;
      const lines = Object.entries(counters).map(
        ([name, value]) => `cardhour_scheduler_${name}_total ${value}`,
      );
      lines.push(`cardhour_scheduler_last_slot ${lastSlot ?? 0n}`);
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(`${lines.join('\n')}\n`);
      return;
    }
    response.statusCode = request.url === '/readyz' && !ready ? 503 : 200;
    const body = { ready, ...health, lastSlot: health.lastSlot?.toString() ?? null };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  server.listen(port, '127.0.0.1');
  return server;
}
