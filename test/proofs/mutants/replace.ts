/** A text in place of another; the compiler counts bytes. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** @returns `source` with the bytes from `start` to `end` replaced */
export function replaceBytes(source: string, { start, end, replacement }: Edit): string {
  const bytes = Buffer.from(source);
  return bytes.subarray(0, start).toString() + replacement + bytes.subarray(end).toString();
}
