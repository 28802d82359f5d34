/** Cursors: where a page ended, as one opaque text. */
import { Refusal } from '../../../domain/refusal.ts';

export function cursorAfter(parts: readonly string[]): string {
  return Buffer.from(parts.join('\n')).toString('base64url');
}

/** @param form of each part, in the order of the list @throws Refusal MALFORMED */
export function readCursor(cursor: string | undefined, form: readonly RegExp[]): string[] | null {
  if (cursor === undefined) return null;
  const parts = Buffer.from(cursor, 'base64url').toString('utf8').split('\n');
  if (parts.length !== form.length || !parts.every((part, index) => form[index]!.test(part))) {
    throw new Refusal(
      'MALFORMED',
      'The cursor is none that this list gave.',
      'Send `next` of the page before as it is, or leave it out.',
    );
  }
  return parts;
}

/** Cuts one row too many off a page, and says where the next begins. */
export function pageFrom<T>(
  rows: T[],
  limit: number,
  keyOf: (last: T) => readonly string[],
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorAfter(keyOf(last)) : null };
}
