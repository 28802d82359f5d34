import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IndexerStatus } from './indexer.ts';

export interface Health {
  /** Last block indexed; null before the first. */
  block: bigint | null;
  /** Its time, unix seconds; null before the first. */
  blockTime: bigint | null;
  /** Why the last look at the chain failed; null when it did not. */
  trouble: string | null;
  /** Times that a look at the chain failed. */
  failures: number;
  /** What the indexer counts; null until it is open. */
  status: IndexerStatus | null;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (200 once indexing, 503 while not; with the nodes and the tables whose reads are stopped) and `/metrics`
 * (Prometheus) on loopback.
 */
export async function serveHealth(port: number, read: () => Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const health = read();
    if (request.url === '/healthz') {
      const ready = health.block !== null && health.trouble === null;
      response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answerOf(ready, health), plain));
    } else if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
      response.end(metricsOf(health));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerOf(ready: boolean, { block, trouble, status }: Health): object {
  const { sealed = null, endpoints = [], checks } = status ?? {};
  return { ready, block, trouble, sealed, stopped: checks?.stopped ?? [], endpoints };
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function metricsOf({ block, blockTime, failures, status }: Health): string {
  const lines: string[] = [];
  const metric = (name: string, type: 'gauge' | 'counter', value: bigint | number, labels = ''): void => {
    const full = `cardhour_indexer_${name}`;
    if (!lines.some((line) => line.startsWith(`# TYPE ${full} `))) lines.push(`# TYPE ${full} ${type}`);
    lines.push(`${full}${labels} ${value}`);
  };
  metric('block', 'gauge', block ?? 0n);
  metric('failures_total', 'counter', failures);
  metric('memory_bytes', 'gauge', process.memoryUsage.rss());
  if (blockTime !== null) metric('block_timestamp_seconds', 'gauge', blockTime);
  if (status === null) return `${lines.join('\n')}\n`;
  const { sealed, events, reorganisations, deepest, checks, endpoints } = status;
  metric('sealed_block', 'gauge', sealed);
  metric('events_total', 'counter', events);
  metric('reorganisations_total', 'counter', reorganisations);
  metric('reorganisation_depth_max', 'gauge', deepest);
  metric('rows_checked_total', 'counter', checks.checked);
  metric('rows_different_total', 'counter', checks.different);
  metric('stopped_tables', 'gauge', checks.stopped.length);
  const labels = ({ name }: { name: string }): string => `{endpoint="${name}"}`;
  for (const one of endpoints) metric('endpoint_good', 'gauge', one.state === 'good' ? 1 : 0, labels(one));
  for (const one of endpoints) metric('endpoint_failures_total', 'counter', one.failures, labels(one));
  for (const one of endpoints) metric('endpoint_lies_total', 'counter', one.lies, labels(one));
  for (const one of endpoints) if (one.head !== null) metric('endpoint_head', 'gauge', one.head, labels(one));
  return `${lines.join('\n')}\n`;
}
