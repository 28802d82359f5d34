/**
 * From version 0 to version 1. Version 0 is what stands on-chain and in hand-written lists: four segments without prefix
 * and check value, written by hand, so that characters may be bare, escapes lower-case or needless, and the last fields
 * of Y and S left out. A version that is newer than this reader is refused, never guessed at (docs/cpi.md).
 */
import {
  CPI_FIELDS,
  CPI_SEGMENTS,
  CPI_VERSION,
  formatCpi,
  nodeIdOf,
  parseCpi,
  type Cpi,
  type CpiError,
} from '../cpi.ts';
import { Refusal } from '../refusal.ts';
import type { Hex } from '../types.ts';

export interface Migrated {
  /** The canonical identifier of version 1. */
  text: string;
  from: 0 | 1;
  node: Hex;
  /** Whether the node that version 0's own text names is the same: a registered node keeps its id only then. */
  keepsNode: boolean;
}

/** @returns the identifier in version 1, or what is wrong with the text */
export function migrateCpi(text: string): Migrated | CpiError {
  const bare = text.startsWith('cpi0:') ? text.slice('cpi0:'.length) : text;
  if (/^cpi[1-9][0-9]*:/.test(text)) {
    const parsed = parseCpi(text);
    return 'reason' in parsed ? parsed : { text, from: CPI_VERSION, node: parsed.node, keepsNode: true };
  }
  const offset = text.length - bare.length;
  const parts = bare.split('/');
  if (parts.length !== CPI_SEGMENTS.length)
    return {
      position: offset,
      field: 'segments',
      reason: `it has ${parts.length} segments, not the ${CPI_SEGMENTS.length} of version 0`,
    };
  const cpi: Cpi = { x: [], y: [], s: [], z: [] };
  let position = offset;
  for (const [index, segment] of CPI_SEGMENTS.entries()) {
    const values: string[] = [];
    for (const field of parts[index]!.split(',')) {
      const value = decoded(field);
      if (value === null)
        return {
          position,
          field: CPI_FIELDS[segment][values.length] ?? segment,
          reason: 'its escapes are no UTF-8',
        };
      values.push(value);
      position += field.length + 1;
    }
    if (segment === 'y' || segment === 's')
      while (values.length < CPI_FIELDS[segment].length) values.push('');
    cpi[segment] = values;
  }
  let migrated: string;
  try {
    migrated = formatCpi(cpi);
  } catch (error) {
    if (error instanceof Refusal) return { position: offset, field: 'segments', reason: error.sentence };
    throw error;
  }
  const { node } = parseCpi(migrated) as { node: Hex };
  return { text: migrated, from: 0, node, keepsNode: node === nodeIdOf(parts[0]!, parts[3]!) };
}

/** Escapes of either case, wherever they stand, in normal form C; a % that escapes nothing stands for itself. */
function decoded(field: string): string | null {
  try {
    return decodeURIComponent(field.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'))
      .trim()
      .normalize('NFC');
  } catch {
    return null;
  }
}
