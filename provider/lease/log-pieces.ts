/** Cuts a lease's log into the pieces that are reported. */

/** Most bytes of one piece, and most pieces of one report (escaped JSON stays well below the gateway's body limit). */
const PIECE_BYTES = 4_096;
const PIECES_PER_REPORT = 8;
export const REPORT_BYTES = PIECE_BYTES * PIECES_PER_REPORT;

/** A piece by its place in the file: read again, it is the same text. */
export interface LogSpan {
  seq: number;
  /** Byte offsets, `to` exclusive. */
  from: number;
  to: number;
}

/**
 * The next pieces of `bytes`, which start at offset `from` of the file. Pieces end at line ends where they can, else
 * between characters; an unfinished last line waits unless the log is `final`.
 */
export function cutLog(bytes: Uint8Array, from: number, seq: number, final: boolean): LogSpan[] {
  const spans: LogSpan[] = [];
  let at = 0;
  while (at < bytes.length && spans.length < PIECES_PER_REPORT) {
    const window = bytes.subarray(at, at + PIECE_BYTES);
    const line = window.lastIndexOf(0x0a) + 1;
    const full = window.length === PIECE_BYTES;
    const length = line > 0 ? line : full ? characterEnd(window) : final ? window.length : 0;
    if (length === 0) break;
    spans.push({ seq: seq + spans.length, from: from + at, to: from + at + length });
    at += length;
  }
  return spans;
}

/** Text of a piece. PostgreSQL stores no NUL, so it is shown as the replacement character, like bytes that are no UTF-8. */
export function pieceText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replaceAll('\0', '\uFFFD');
}

/** Length without a trailing character that is cut off; all of it when the bytes are no UTF-8. */
function characterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 4; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
