/** A container's output, followed into a bounded file: the engine knows no offsets, and forgets when the container goes. */
import { existsSync, statSync } from 'node:fs';
import { PassThrough, Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { LOG_LIMIT_BYTES, openLog } from '../../sandbox/bounded-log.ts';

export interface Output {
  /** The container is over: read what is left, then `complete` resolves. */
  end(): void;
  /** Resolves when nothing will be added; never rejects. */
  complete: Promise<void>;
  isComplete(): boolean;
  close(): void;
}

const RETRY_MS = 500;
/** How long a stream may stay open after its container ended. */
const LINGER_MS = 1_000;
const BOTH = { stdout: true, stderr: true };

/** Bytes of output that the file has; what follows its bound is not counted. */
export function storedBytes(path: string): number {
  return existsSync(path) ? Math.min(statSync(path).size, LOG_LIMIT_BYTES) : 0;
}

export function followOutput(container: Docker.Container, path: string): Output {
  const closed = new AbortController();
  const ended = new AbortController();
  const over = () => ended.signal.aborted || closed.signal.aborted;
  let complete = false;

  /** Reads from where the file ends to the stream's end. */
  const pass = async (stream: NodeJS.ReadableStream & { destroy?(): void }): Promise<void> => {
    const payload = stream.pipe(demultiplex(storedBytes(path)));
    const log = openLog(path);
    const stop = () => {
      stream.destroy?.();
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

  /** A stream that ends before its container: the engine was restarted, or the end is about to be seen. */
  const follow = async (): Promise<void> => {
    while (!over() && storedBytes(path) < LOG_LIMIT_BYTES) {
      await container
        .logs({ follow: true, ...BOTH })
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
      await container
        .logs({ follow: false, ...BOTH })
        .then((bytes) => pass(new PassThrough().end(bytes)))
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

/**
 * The bytes of both streams in the engine's order, without its frames (8 bytes: stream, 3 zeros, length) and without
 * the first `skip` bytes.
 */
export function demultiplex(skip: number): Transform {
  let header = Buffer.alloc(0);
  let left = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const parts: Buffer[] = [];
      for (let at = 0; at < chunk.length;) {
        if (left === 0) {
          const part = chunk.subarray(at, at + 8 - header.length);
          header = Buffer.concat([header, part]);
          at += part.length;
          if (header.length < 8) break;
          left = header.readUInt32BE(4);
          header = Buffer.alloc(0);
          continue;
        }
        const part = chunk.subarray(at, at + left);
        at += part.length;
        left -= part.length;
        const dropped = Math.min(skip, part.length);
        skip -= dropped;
        if (dropped < part.length) parts.push(part.subarray(dropped));
      }
      // One piece a chunk: a flood of short lines is a frame each.
      done(null, parts.length > 0 ? Buffer.concat(parts) : undefined);
    },
  });
}
