import { bytesToHex } from './hash.ts';
import type { Hex } from './types.ts';

/** Big-endian bytes, read one after the other. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  hex(size: number): Hex {
    const end = this.#at + size;
    if (end > this.#bytes.length)
      throw new RangeError(`the bytes end at ${this.#bytes.length}, before ${end}`);
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytesToHex(slice);
  }

  big(size: number): bigint {
    return BigInt(this.hex(size));
  }

  int(size: number): number {
    return Number(this.hex(size));
  }

  list<T>(count: number, next: () => T): T[] {
    return Array.from({ length: count }, next);
  }

  /** The entry of a table that the next byte names. */
  of<T>(table: readonly T[]): T {
    const entry = table[this.int(1)];
    if (entry === undefined) throw new RangeError('the bytes name an entry that their table does not have');
    return entry;
  }

  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new RangeError(`${this.#bytes.length - this.#at} bytes are left over`);
  }
}
