/** Cuts a byte stream into lines without ever holding more than one line of the largest size. */
import type { Readable } from 'node:stream';
import { MAX_LINE_BYTES } from './protocol.ts';

const END = 0x0a;

/**
 * @param onLine each line without its end, as UTF-8; empty lines are left out
 * @param onTooLong once, for a line beyond the limit; nothing is read after it
 */
export function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  onTooLong: () => void,
  limit = MAX_LINE_BYTES,
): void {
  let parts: Buffer[] = [];
  let held = 0;
  const take = (bytes: Buffer) => {
    parts.push(bytes);
    held += bytes.length;
  };
  const onData = (chunk: Buffer) => {
    let at = 0;
    for (let end = chunk.indexOf(END); end >= 0; end = chunk.indexOf(END, at)) {
      take(chunk.subarray(at, end));
      at = end + 1;
      if (held >= limit) break;
      const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      parts = [];
      held = 0;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    if (held < limit && at < chunk.length) take(chunk.subarray(at));
    if (held < limit) return;
    stream.off('data', onData);
    parts = [];
    onTooLong();
  };
  stream.on('data', onData);
}
