/**
 * `slot_match.shortlist`: place in the manifest's asks 4 ‖ distance 4 ‖ entropy gap 4, big-endian, for each of its asks. The
 * scheduler writes it, the auction page reads it.
 */
export interface ShortlistRow {
  /** Place in the manifest's asks. */
  place: number;
  distance: number;
  /** Micro-bits. */
  entropyGap: number;
}

const SIZE = 12;

export function writeShortlist(rows: readonly ShortlistRow[]): Uint8Array {
  const bytes = new Uint8Array(SIZE * rows.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < rows.length; i++) {
    const { place, distance, entropyGap } = rows[i]!;
    view.setUint32(SIZE * i, place);
    view.setUint32(SIZE * i + 4, distance);
    view.setUint32(SIZE * i + 8, entropyGap);
  }
  return bytes;
}

export function readShortlist(bytes: Uint8Array): ShortlistRow[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SIZE }, (_, i) => ({
    place: view.getUint32(SIZE * i),
    distance: view.getUint32(SIZE * i + 4),
    entropyGap: view.getUint32(SIZE * i + 8),
  }));
}
