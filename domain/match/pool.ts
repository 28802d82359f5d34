/** Rows of flat arrays that are taken and given back. Row 0 is never given out: it stands for none. */
export class Pool {
  #size: number;
  #used = 1;
  /** Rows that came back, a stack. */
  #free = new Int32Array(16);
  #spare = 0;
  readonly #resize: (size: number) => void;

  /** @param resize gives the arrays that many rows and keeps what they hold */
  constructor(size: number, resize: (size: number) => void) {
    this.#size = size;
    this.#resize = resize;
  }

  take(): number {
    if (this.#spare > 0) return this.#free[--this.#spare]!;
    if (this.#used === this.#size) {
      this.#size = Math.ceil(this.#size * 1.25) + 4;
      this.#resize(this.#size);
    }
    return this.#used++;
  }

  give(row: number): void {
    if (this.#spare === this.#free.length) this.#free = grown(this.#free, this.#spare * 2);
    this.#free[this.#spare++] = row;
  }
}

export function grown<T extends Int32Array | Uint32Array | Uint8Array | Uint16Array>(
  array: T,
  length: number,
): T {
  const Kind = array.constructor as new (length: number) => T;
  const more = new Kind(length);
  more.set(array);
  return more;
}
