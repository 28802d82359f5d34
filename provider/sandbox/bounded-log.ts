/** A lease's output on disk, bounded: what a workload prints can't fill the provider's disk. */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

export const LOG_LIMIT_BYTES = 1_048_576;
export const TRUNCATION_LINE = `\n[cardhour] the log ends here: it reached its limit of ${LOG_LIMIT_BYTES} bytes\n`;

/** Rest between reads of output that is dropped: a command that floods is slowed down instead of burning a core. */
const DROP_PAUSE_MS = 20;

export interface BoundedLog {
  /** Appends all that the stream gives, until the bound. */
  drain(stream: Readable): void;
  /** A line of the agent's own. */
  note(line: string): void;
  close(): void;
}

/** Opens for appending, so that a workload that is started again goes on in the same log. */
export function openLog(path: string, limit = LOG_LIMIT_BYTES): BoundedLog {
  const file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let open = true;

  /** False when the bound was reached. */
  const append = (bytes: Buffer): boolean => {
    if (!open || size >= limit) return false;
    const room = bytes.subarray(0, limit - size);
    for (let written = 0; written < room.length;) written += writeSync(file, room, written);
    size += room.length;
    if (size < limit) return true;
    writeSync(file, TRUNCATION_LINE);
    size += TRUNCATION_LINE.length;
    return false;
  };

  return {
    drain(stream) {
      stream.on('data', (bytes: Buffer) => {
        if (append(bytes)) return;
        stream.pause();
        setTimeout(() => stream.resume(), DROP_PAUSE_MS).unref();
      });
      stream.on('error', () => stream.destroy());
    },
    note: (line) => void append(Buffer.from(`[cardhour] ${line}\n`)),
    close() {
      if (open) closeSync(file);
      open = false;
    },
  };
}
