/** JSON that says what it is, of which version, and what it hashes to: a file that was cut or changed is refused, not believed. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { keccakText } from '../../domain/hash.ts';
import { Refusal } from '../../domain/refusal.ts';

export interface Kind {
  /** The file's `format`. */
  format: string;
  version: number;
  /** In sentences: 'clustering policy'. */
  name: string;
  /** What to do when it can't be used. */
  fix: string;
}

export function seal(kind: Kind, content: Record<string, unknown>): string {
  const body = { format: kind.format, version: kind.version, ...content };
  return `${JSON.stringify({ ...body, check: keccakText(JSON.stringify(body)) }, null, 2)}\n`;
}

/** @throws Refusal DATA_BROKEN on anything else than what `seal` wrote of this format and version */
export function unseal(kind: Kind, text: string): Record<string, unknown> {
  const refuse = (sentence: string): Refusal =>
    new Refusal('DATA_BROKEN', sentence, kind.fix, { retryable: false });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse(`The ${kind.name} is not JSON.`);
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || parsed.format !== kind.format)
    throw refuse(`The file is not a ${kind.name}.`);
  const { check, ...body } = parsed as Record<string, unknown>;
  if (body.version !== kind.version)
    throw refuse(
      `The ${kind.name} is of version ${String(body.version)}; this program reads version ${kind.version}.`,
    );
  if (check !== keccakText(JSON.stringify(body)))
    throw refuse(`The ${kind.name} does not match its checksum: it was cut or changed.`);
  return body;
}

/** @throws Refusal NOT_FOUND, DATA_BROKEN */
export function readSealed(kind: Kind, file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Refusal('NOT_FOUND', `There is no ${kind.name} at ${file}.`, kind.fix);
  }
  return unseal(kind, text);
}

/** Whole or not at all, whenever the process or the machine dies: written beside it and renamed over it. */
export function writeSealed(kind: Kind, file: string, content: Record<string, unknown>): void {
  const beside = `${file}.new`;
  const handle = openSync(beside, 'w');
  try {
    writeFileSync(handle, seal(kind, content));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(beside, file);
}

/** Single-precision numbers as base64 of their little-endian bytes. */
export function packFloats(floats: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(floats.length * 4));
  floats.forEach((value, index) => bytes.setFloat32(index * 4, value, true));
  return Buffer.from(bytes.buffer).toString('base64');
}

/** Null when it is not `count` finite numbers. */
export function unpackFloats(text: unknown, count: number): Float32Array | null {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== count * 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const floats = Float32Array.from({ length: count }, (_, index) => view.getFloat32(index * 4, true));
  return floats.every(Number.isFinite) ? floats : null;
}
