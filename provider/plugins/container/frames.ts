/** The engine's framing of a container's two output streams. */
import { Transform } from 'node:stream';

/** The bytes of both streams in the engine's order, without its frames (8 bytes: stream, 3 zeros, length). */
export function demultiplex(): Transform {
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
        parts.push(part);
      }
      // One piece a chunk: a flood of short lines is a frame each.
      done(null, parts.length > 0 ? Buffer.concat(parts) : undefined);
    },
  });
}
