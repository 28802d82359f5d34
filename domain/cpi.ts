/**
 * The computing-power identifier (document 000, section IV.A): `cpi1:X/Y/S/Z#check`, one text per meaning (ADR 0001,
 * docs/cpi.md). X says who and where, Y what the availability zone has, S (printed Y′) what a server is, Z where the
 * computing is. Fields past those named are kept as they are: a later revision may fill them.
 */
import { lookalikeOf } from './cpi/scripts.ts';
import { bytesToHex, keccakBytes, keccakText } from './hash.ts';
import { Refusal } from './refusal.ts';
import type { Hex } from './types.ts';

export const CPI_MAX_LENGTH = 512;
export const CPI_VERSION = 1;
const PREFIX = `cpi${CPI_VERSION}:`;
const CHECK_DIGITS = 8;

/** Fields of each segment, in their order in the text. */
export const CPI_FIELDS = {
  x: ['enterprise', 'industry', 'city', 'zone'],
  y: ['resourceType', 'serviceType', 'totalCompute', 'totalStorage', 'networkBandwidth', 'chips'],
  s: ['serverType', 'cpuModel', 'cpuCores', 'memory', 'storage', 'serverQuantity'],
  z: ['address', 'chipType', 'chipModel', 'chipId'],
} as const;

export type CpiSegment = keyof typeof CPI_FIELDS;
export const CPI_SEGMENTS: readonly CpiSegment[] = ['x', 'y', 's', 'z'];

/** Field values as plain text, in the order of `CPI_FIELDS`; further ones are extensions. X and Z have no empty field. */
export type Cpi = Record<CpiSegment, string[]>;

export interface ParsedCpi {
  cpi: Cpi;
  /** The segments' texts; X and Z make the node id, Y and S stand on-chain as `Y/S`. */
  segments: Record<CpiSegment, string>;
  node: Hex;
}

export interface CpiError {
  /** Index of the character at fault, from 0. */
  position: number;
  /** A field of `CPI_FIELDS`, `x[5]` for an extension (from 1), or `version`, `length`, `segments`, `check`. */
  field: string;
  reason: string;
}

/** Node id: keccak256 of X, "/" and Z as they stand in the identifier. */
export function nodeIdOf(x: string, z: string): Hex {
  return keccakText(`${x}/${z}`);
}

/** First 8 hex digits of the keccak256 of all that precedes `#`. */
export function cpiCheck(body: string): string {
  return keccakText(body).slice(2, 2 + CHECK_DIGITS);
}

/** The identifier whose segments these are, as they stand on-chain; they are not looked at. */
export function cpiOfSegments(x: string, yAndS: string, z: string): string {
  const body = `${PREFIX}${x}/${yAndS}/${z}`;
  return `${body}#${cpiCheck(body)}`;
}

/** @throws Refusal MALFORMED on a missing field, text that is no Unicode or not in normal form C, or more than 512 characters. */
export function formatCpi(cpi: Cpi): string {
  const body = PREFIX + CPI_SEGMENTS.map((segment) => formatSegment(segment, cpi[segment])).join('/');
  const text = `${body}#${cpiCheck(body)}`;
  if (text.length > CPI_MAX_LENGTH)
    throw refused(`it has ${text.length} characters, ${CPI_MAX_LENGTH} are allowed`);
  return text;
}

function formatSegment(segment: CpiSegment, values: readonly string[]): string {
  const missing = CPI_FIELDS[segment].findIndex((_, index) => isMissing(segment, index, values[index]));
  if (missing >= 0) throw refused(`its field ${fieldName(segment, missing)} is missing`);
  return values
    .map((value, index) => {
      const name = fieldName(segment, index);
      if (!value.isWellFormed()) throw refused(`its field ${name} is no Unicode text`);
      if (value.normalize('NFC') !== value)
        throw refused(`its field ${name} is not in Unicode normal form C, in which a text has one spelling`);
      return encodeField(value);
    })
    .join(',');
}

function encodeField(value: string): string {
  // encodeURIComponent leaves five marks besides ours (ADR 0001 knows only . _ -).
  return encodeURIComponent(value).replace(
    /[!'()*~]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Kinds of character: those that stand for themselves, and those that mean something. Any other is an error. */
const [OTHER, PLAIN, ESCAPE, NEXT_FIELD, NEXT_SEGMENT] = [0, 1, 2, 3, 4];
const KIND = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9._-]/.test(character)) return PLAIN;
  return character === '%'
    ? ESCAPE
    : character === ','
      ? NEXT_FIELD
      : character === '/'
        ? NEXT_SEGMENT
        : OTHER;
});

const UTF8 = new TextEncoder();
/** Scratch of the identifier that is read, since nothing of it outlives the call: its bytes, those of X/Z, a segment's fields. */
const bytes = new Uint8Array(3 * CPI_MAX_LENGTH);
const nodeBytes = new Uint8Array(CPI_MAX_LENGTH);
const fields: string[] = [];

/** Reads an identifier. What `formatCpi` would not have written is an error: an identifier has one text. */
export function parseCpi(text: string): ParsedCpi | CpiError {
  const end = text.indexOf('#');
  if (end < 0 || text.length > CPI_MAX_LENGTH || !text.startsWith(PREFIX)) return frameError(text);
  // Up to the first character that is not ASCII, which ends the reading, bytes stand where their characters do.
  UTF8.encodeInto(text, bytes);

  const cpi: Cpi = { x: [], y: [], s: [], z: [] };
  const starts = [PREFIX.length, 0, 0, 0, 0];
  let segmentIndex = 0;
  let segment: CpiSegment = 'x';
  let count = 0;
  let start = PREFIX.length;
  let escaped = false;
  for (let position = start; ; position++) {
    const kind = position === end ? NEXT_SEGMENT : KIND[bytes[position]!];
    if (kind === PLAIN) continue;
    if (kind === ESCAPE) {
      escaped = true;
      continue;
    }
    if (kind === OTHER) return oddCharacter(text, position, fieldName(segment, count));
    let value = text.slice(start, position);
    if (escaped) {
      const read = unescaped(value);
      if (typeof read !== 'string') return at(start + read.offset, fieldName(segment, count), read.reason);
      value = read;
      escaped = false;
    }
    if (value === '' && isMissing(segment, count, value)) {
      const name = fieldName(segment, count);
      return at(start, name, `field ${name} is empty`);
    }
    fields[count++] = value;
    start = position + 1;
    if (kind === NEXT_FIELD) continue;
    if (count < CPI_FIELDS[segment].length) {
      const name = fieldName(segment, count);
      return at(position, name, `field ${name} is missing`);
    }
    cpi[segment] = fields.slice(0, count);
    count = 0;
    segmentIndex++;
    starts[segmentIndex] = start;
    if (position === end) break;
    const next = CPI_SEGMENTS[segmentIndex];
    if (next === undefined) return at(position, 'segments', 'more than four segments');
    segment = next;
  }
  if (segmentIndex < CPI_SEGMENTS.length)
    return at(end, 'segments', `segment ${CPI_SEGMENTS[segmentIndex]!.toUpperCase()} is missing`);

  const check = keccakBytes(bytes.subarray(0, end));
  if (!hasCheck(text, end + 1, check)) {
    const digits = bytesToHex(check).slice(2, 2 + CHECK_DIGITS);
    return at(end + 1, 'check', `the check value is not ${digits}`);
  }
  const [x0, y0, s0, z0] = starts as [number, number, number, number];
  const segments = {
    x: text.slice(x0, y0 - 1),
    y: text.slice(y0, s0 - 1),
    s: text.slice(s0, z0 - 1),
    z: text.slice(z0, end),
  };
  return { cpi, segments, node: bytesToHex(keccakBytes(nodeText(x0, y0, z0, end))) };
}

/** Bytes of X, "/" and Z, copied behind one another. */
function nodeText(x: number, y: number, z: number, end: number): Uint8Array {
  let length = 0;
  for (let from = x; from < y; from++) nodeBytes[length++] = bytes[from]!;
  for (let from = z; from < end; from++) nodeBytes[length++] = bytes[from]!;
  return nodeBytes.subarray(0, length);
}

/** Whether the text from `start` on is the hash's first digits and nothing else. */
function hasCheck(text: string, start: number, hash: Uint8Array): boolean {
  if (text.length !== start + CHECK_DIGITS) return false;
  for (let index = 0; index < CHECK_DIGITS; index++) {
    const digit = (hash[index >> 1]! >> (index % 2 === 0 ? 4 : 0)) & 15;
    if (bytes[start + index] !== (digit < 10 ? 48 + digit : 87 + digit)) return false;
  }
  return true;
}

/** What is wrong with the text's length, its version, or its end. */
function frameError(text: string): CpiError {
  if (text.length > CPI_MAX_LENGTH)
    return at(CPI_MAX_LENGTH, 'length', `more than ${CPI_MAX_LENGTH} characters`);
  if (!text.startsWith(PREFIX)) {
    const version = /^cpi([0-9]{1,9}):/.exec(text)?.[1];
    return version === undefined
      ? at(0, 'version', `it does not begin with ${PREFIX}`)
      : at(3, 'version', `it is of version ${version}, which a reader of ${PREFIX} must not guess at`);
  }
  return at(text.length, 'check', 'the check value is missing: it ends too early');
}

function oddCharacter(text: string, position: number, field: string): CpiError {
  const character = String.fromCodePoint(text.codePointAt(position)!);
  const twin = lookalikeOf(character);
  const hint = twin === null ? '' : `; it looks like ${JSON.stringify(twin)} and is another`;
  return at(position, field, `character ${JSON.stringify(character)} must be written as %XX${hint}`);
}

/** A field with escapes as plain text, or what is wrong and how far into the field. */
function unescaped(field: string): string | { offset: number; reason: string } {
  const escape = field.search(/%(?![0-9A-F]{2})/);
  if (escape >= 0) return { offset: escape, reason: '% is not followed by two upper-case hex digits' };
  for (const match of field.matchAll(/%([0-9A-F]{2})/g))
    if (KIND[Number.parseInt(match[1]!, 16)] === PLAIN)
      return { offset: match.index, reason: `${match[0]} is written without need` };
  let value: string;
  try {
    value = decodeURIComponent(field);
  } catch {
    return { offset: 0, reason: 'its bytes are no UTF-8' };
  }
  if (value.normalize('NFC') === value) return value;
  return { offset: 0, reason: 'it is not in Unicode normal form C, in which a text has one spelling' };
}

/** Empty or absent where it may not be: X and Z name the node, so each of their named fields says something. */
function isMissing(segment: CpiSegment, index: number, value: string | undefined): boolean {
  if (value === undefined) return true;
  return value === '' && (segment === 'x' || segment === 'z') && index < CPI_FIELDS[segment].length;
}

export function fieldName(segment: CpiSegment, index: number): string {
  const names: readonly string[] = CPI_FIELDS[segment];
  return names[index] ?? `${segment}[${index + 1}]`;
}

function at(position: number, field: string, reason: string): CpiError {
  return { position, field, reason };
}

function refused(why: string): Refusal {
  return new Refusal(
    'MALFORMED',
    `The identifier can't be written: ${why}.`,
    'Correct its fields (docs/cpi.md).',
  );
}
