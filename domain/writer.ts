import { writeHex, writeUint } from './hash.ts';
import type { Hex } from './types.ts';

/** Big-endian bytes, written one after the other: what `Reader` reads. */
export class Writer {
  #bytes = new Uint8Array(1_024);
  #at = 0;

  hex(value: Hex): void {
    const at = this.#room((value.length - 2) / 2);
    writeHex(this.#bytes, at, value);
  }

  /** @throws RangeError when `value` does not fit `size` bytes. */
  uint(value: bigint | number, size: number): void {
    const at = this.#room(size);
    writeUint(this.#bytes, at, size, value);
  }

  /** A length byte and as few bytes as hold `value`, none for 0. @throws RangeError beyond `size` bytes. */
  short(value: bigint | number, size: number): void {
    const length = bytesOf(value);
    if (length > size) throw new RangeError(`${value} does not fit ${size} bytes`);
    this.uint(length, 1);
    if (length > 0) this.uint(value, length);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #room(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#at);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

function bytesOf(value: bigint | number): number {
  let size = 0;
  let rest = value;
  for (; typeof rest === 'bigint' && rest > SAFE; rest >>= 8n) size++;
  for (let small = Number(rest); small >= 1; small /= 256) size++;
  return size;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
