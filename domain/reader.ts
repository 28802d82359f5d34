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
    const end = this.#to(size);
    const slice = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytesToHex(slice);
  }

  big(size: number): bigint {
    return size <= 6 ? BigInt(this.int(size)) : BigInt(this.hex(size));
  }

  /** @param size 0 to 6 */
  int(size: number): number {
    const end = this.#to(size);
    let value = 0;
    for (let at = this.#at; at < end; at++) value = 256 * value + this.#bytes[at]!;
    this.#at = end;
    return value;
  }

  /** What `Writer.short` wrote, of at most `size` bytes. @throws RangeError when it is longer, or than it need be. */
  shortBig(size: number): bigint {
    const length = this.#short(size);
    return length === 0 ? 0n : this.big(length);
  }

  /** @param size 0 to 6 */
  shortInt(size: number): number {
    return this.int(this.#short(size));
  }

  /** @throws RangeError at the first entry that is not there, whatever `count` says. */
  list<T>(count: number, next: () => T): T[] {
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(next());
    return list;
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

  /** Where the next `size` bytes end. */
  #to(size: number): number {
    const end = this.#at + size;
    if (end > this.#bytes.length)
      throw new RangeError(`the bytes end at ${this.#bytes.length}, before ${end}`);
    return end;
  }

  #short(size: number): number {
    const length = this.int(1);
    if (length > size)
      throw new RangeError(`an integer of ${length} bytes stands where ${size} are the most`);
    if (length > 0 && this.#bytes[this.#at] === 0) throw new RangeError('an integer begins with a zero byte');
    return length;
  }
}
