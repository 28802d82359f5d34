/** A lease's output, followed into a bounded file: platforms know no offsets, and forget when the lease's container goes. */
import { existsSync, statSync } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_LIMIT_BYTES, openLog } from '../sandbox/bounded-log.ts';

export interface Output {
  /** The lease is over: read what is left, then `complete` resolves. */
  end(): void;
  /** Resolves when nothing will be added; never rejects. */
  complete: Promise<void>;
  isComplete(): boolean;
  close(): void;
}

const RETRY_MS = 500;
/** How long a stream may stay open after its lease ended. */
const LINGER_MS = 1_000;

/** Bytes of output that the file has; what follows its bound is not counted. */
export function storedBytes(path: string): number {
  return existsSync(path) ? Math.min(statSync(path).size, LOG_LIMIT_BYTES) : 0;
}

/** @param open the output from its very first byte, to now or (`follow`) to its end */
export function followOutput(open: (follow: boolean) => Promise<Readable>, path: string): Output {
  const closed = new AbortController();
  const ended = new AbortController();
  const over = () => ended.signal.aborted || closed.signal.aborted;
  let complete = false;

  /** Reads from where the file ends to the stream's end. */
  const pass = async (stream: Readable): Promise<void> => {
    const payload = stream.pipe(skipping(storedBytes(path)));
    const log = openLog(path);
    const stop = () => {
      stream.destroy();
      payload.end();
    };
    const onEnded = () => void sleep(LINGER_MS).then(stop);
    ended.signal.addEventListener('abort', onEnded);
    closed.signal.addEventListener('abort', stop);
    stream.on('error', stop);
    try {
      log.drain(payload);
      payload.on('data', () => {
        if (storedBytes(path) >= LOG_LIMIT_BYTES) stop();
      });
      await finished(payload, { readable: true, writable: false });
    } finally {
      ended.signal.removeEventListener('abort', onEnded);
      closed.signal.removeEventListener('abort', stop);
      log.close();
    }
  };

  /** A stream that ends before its lease: the platform was restarted, or the end is about to be seen. */
  const follow = async (): Promise<void> => {
    while (!over() && storedBytes(path) < LOG_LIMIT_BYTES) {
      await open(true)
        .then(pass)
        .catch(() => undefined);
      await sleep(RETRY_MS, undefined, { signal: AbortSignal.any([ended.signal, closed.signal]) }).catch(
        () => undefined,
      );
    }
    if (over()) return;
    await new Promise<void>((resolve) => {
      for (const signal of [closed.signal, ended.signal])
        signal.addEventListener('abort', () => resolve(), { once: true });
    });
  };

  const whole = async (): Promise<void> => {
    await follow();
    if (!closed.signal.aborted && storedBytes(path) < LOG_LIMIT_BYTES)
      await open(false)
        .then(pass)
        .catch(() => undefined);
    complete = true;
  };

  return {
    end: () => ended.abort(),
    complete: whole(),
    isComplete: () => complete,
    close: () => closed.abort(),
  };
}

/** Without the first bytes, which the file has. */
function skipping(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const dropped = Math.min(left, chunk.length);
      left -= dropped;
      done(null, chunk.subarray(dropped));
    },
  });
}
