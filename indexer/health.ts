import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Health {
  /** Last block indexed; null before the first. */
  block: bigint | null;
  /** Why the last look at the chain failed; null when it did not. */
  trouble: string | null;
  /** Times that a look at the chain failed. */
  failures: number;
}

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/** Serves `/healthz` (200 once indexing, 503 while not) and `/metrics` (Prometheus) on loopback. */
export async function serveHealth(port: number, read: () => Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const { block, trouble, failures } = read();
    if (request.url === '/healthz') {
      const ready = block !== null && trouble === null;
      response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ready, block: block?.toString() ?? null, trouble }));
    } else if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
      response.end(
        `# TYPE cardhour_indexer_block gauge\ncardhour_indexer_block ${block ?? 0n}\n` +
          `# TYPE cardhour_indexer_failures_total counter\ncardhour_indexer_failures_total ${failures}\n`,
      );
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
