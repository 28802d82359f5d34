/** The wire to the database, which can be cut: a proxy of bytes. What a killed process had open is gone at once, for good. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Wire {
  url: string;
  /** Cuts all connections after so many more bytes, and each new one too, until `mend`. */
  cutAfter(bytes: number): void;
  mend(): void;
  /** Nothing comes through any more. */
  end(): Promise<void>;
}

export async function openWire(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  let left = Infinity;
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        // Half of a message may be through.
        const some = chunk.subarray(0, Math.max(0, Math.min(chunk.length, left)));
        left -= chunk.length;
        if (some.length > 0 && !to.destroyed) to.write(some);
        if (left <= 0) setImmediate(cut);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAfter(bytes) {
      left = bytes;
    },
    mend() {
      left = Infinity;
    },
    async end() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
