/**
 * The computing-power identifier (document 000, section IV.A): `cpi1:X/Y/S/Z#check`, one text per meaning (ADR 0001).
 * X says who and where, Y what the availability zone has, S (printed Y′) what a server is, Z where the computing is.
 * Fields past those named are kept as they are: a later version may fill them.
 */
import { keccakText } from './hash.ts';
import { Refusal } from './refusal.ts';
import type { Hex } from './types.ts';

export const CPI_MAX_LENGTH = 512;
const PREFIX = 'cpi1:';

/** Fields of each segment, in their order in the text. */
export const CPI_FIELDS = {
  x: ['enterprise', 'industry', 'city', 'zone'],
  y: ['resourceType', 'serviceType', 'totalCompute', 'totalStorage', 'networkBandwidth', 'chips'],
  s: ['serverType', 'cpuModel', 'cpuCores', 'memory', 'storage', 'serverQuantity'],
  z: ['address', 'chipType', 'chipModel', 'chipId'],
} as const;

export type CpiSegment = keyof typeof CPI_FIELDS;
const SEGMENTS: readonly CpiSegment[] = ['x', 'y', 's', 'z'];

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
  reason: string;
}

/** Node id: keccak256 of X, "/" and Z as they stand in the identifier. */
export function nodeIdOf(x: string, z: string): Hex {
  return keccakText(`${x}/${z}`);
}

/** First 8 hex digits of the keccak256 of all that precedes `#`. */
export function cpiCheck(body: string): string {
  return keccakText(body).slice(2, 10);
}

/** @throws Refusal MALFORMED on a missing field, a lone surrogate, or more than 512 characters. */
export function formatCpi(cpi: Cpi): string {
  for (const segment of SEGMENTS) {
    const names = CPI_FIELDS[segment];
    const missing = names.findIndex(
      (_, i) => cpi[segment][i] === undefined || isNeeded(segment, cpi[segment][i]),
    );
    if (missing >= 0) throw refused(`its field ${names[missing]} is missing`);
    if (cpi[segment].some((value) => !value.isWellFormed())) throw refused('a field is no Unicode text');
  }
  const body = PREFIX + SEGMENTS.map((segment) => cpi[segment].map(encodeField).join(',')).join('/');
  const text = `${body}#${cpiCheck(body)}`;
  if (text.length > CPI_MAX_LENGTH)
    throw refused(`it has ${text.length} characters, ${CPI_MAX_LENGTH} are allowed`);
  return text;
}

/** Reads an identifier. What `formatCpi` would not have written is an error: an identifier has one text. */
export function parseCpi(text: string): ParsedCpi | CpiError {
  if (text.length > CPI_MAX_LENGTH) return at(CPI_MAX_LENGTH, `more than ${CPI_MAX_LENGTH} characters`);
  if (!text.startsWith(PREFIX)) return at(0, `it does not begin with ${PREFIX}`);
  const hash = text.indexOf('#');
  if (hash < 0) return at(text.length, 'the check value is missing');
  const cpi: Cpi = { x: [], y: [], s: [], z: [] };
  const segments = { x: '', y: '', s: '', z: '' };
  const parts = text.slice(PREFIX.length, hash).split('/');
  let position = PREFIX.length;
  for (const [index, part] of parts.entries()) {
    const segment = SEGMENTS[index];
    if (segment === undefined) return at(position - 1, 'more than four segments');
    const fields = readSegment(segment, part, position);
    if ('reason' in fields) return fields;
    cpi[segment] = fields.values;
    segments[segment] = part;
    position += part.length + 1;
  }
  if (parts.length < SEGMENTS.length)
    return at(hash, `segment ${SEGMENTS[parts.length]!.toUpperCase()} is missing`);
  const check = cpiCheck(text.slice(0, hash));
  if (text.slice(hash + 1) !== check) return at(hash + 1, `the check value is not ${check}`);
  return { cpi, segments, node: nodeIdOf(segments.x, segments.z) };
}

function readSegment(segment: CpiSegment, text: string, start: number): { values: string[] } | CpiError {
  const names: readonly string[] = CPI_FIELDS[segment];
  const values: string[] = [];
  let position = start;
  for (const field of text.split(',')) {
    const read = readField(field, position);
    if ('reason' in read) return read;
    if (values.length < names.length && isNeeded(segment, read.value))
      return at(position, `field ${names[values.length]} is empty`);
    values.push(read.value);
    position += field.length + 1;
  }
  if (values.length < names.length)
    return at(start + text.length, `field ${names[values.length]} is missing`);
  return { values };
}

function readField(field: string, start: number): { value: string } | CpiError {
  const odd = field.search(/[^A-Za-z0-9._%-]/);
  if (odd >= 0) return at(start + odd, `character ${JSON.stringify(field[odd])} must be written as %XX`);
  const escape = field.search(/%(?![0-9A-F]{2})/);
  if (escape >= 0) return at(start + escape, '% is not followed by two upper-case hex digits');
  for (const match of field.matchAll(/%([0-9A-F]{2})/g))
    if (/[A-Za-z0-9._-]/.test(String.fromCharCode(Number.parseInt(match[1]!, 16))))
      return at(start + match.index, `${match[0]} is written without need`);
  try {
    return { value: decodeURIComponent(field) };
  } catch {
    return at(start, 'its bytes are no UTF-8');
  }
}

function encodeField(value: string): string {
  // encodeURIComponent leaves five marks besides ours (ADR 0001 knows only . _ -).
  return encodeURIComponent(value).replace(
    /[!'()*~]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Empty where it may not be: X and Z name the node, so each of their fields says something. */
function isNeeded(segment: CpiSegment, value: string): boolean {
  return value === '' && (segment === 'x' || segment === 'z');
}

function at(position: number, reason: string): CpiError {
  return { position, reason };
}

function refused(why: string): Refusal {
  return new Refusal(
    'MALFORMED',
    `The identifier can't be written: ${why}.`,
    'Correct its fields (document 000, IV.A).',
  );
}
