/**
 * The agent's key at rest: AES-256-GCM under a passphrase by scrypt, in a file that its owner alone may read. The passphrase
 * comes from the environment (`CARDHOUR_PASSPHRASE`) or from a file of mode 0600 (`CARDHOUR_PASSPHRASE_FILE`).
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { Refusal } from '../domain/refusal.ts';
import type { Hex } from '../domain/types.ts';
import { check, record, text } from './plugin/shape.ts';
import { writeState } from './files.ts';

/** OWASP's second choice for scrypt (N = 2^16, r = 8, p = 2): 64 MiB and about a quarter of a second a guess. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 2, maxmem: 2 ** 28 };
const hex = (bytes: number) =>
  text(bytes * 2, new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes of hex`);
const FILE = record({ salt: hex(16), iv: hex(12), tag: hex(16), sealed: hex(32) });
const LEAST_PASSPHRASE = 12;

type Environment = Record<string, string | undefined>;

/** @throws Refusal ENVIRONMENT when there is none, it is short, or others may read it */
export function readPassphrase(env: Environment): string {
  const path = env['CARDHOUR_PASSPHRASE_FILE'];
  const passphrase = env['CARDHOUR_PASSPHRASE'] ?? (path === undefined ? undefined : readSecret(path));
  if (passphrase !== undefined && passphrase.length >= LEAST_PASSPHRASE) return passphrase;
  throw new Refusal(
    'ENVIRONMENT',
    `The key file needs a passphrase of ${LEAST_PASSPHRASE} characters or more.`,
    'Set CARDHOUR_PASSPHRASE, or CARDHOUR_PASSPHRASE_FILE to a file of mode 0600.',
  );
}

/** @throws Refusal DATA_BROKEN when there is a key file already: it may hold money */
export function writeKey(path: string, key: Hex, passphrase: string): void {
  if (existsSync(path))
    throw new Refusal('DATA_BROKEN', `${path} holds a key already.`, 'Choose another DATA_DIR, or move it.');
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, SCRYPT), iv);
  const sealed = Buffer.concat([cipher.update(Buffer.from(key.slice(2), 'hex')), cipher.final()]);
  const parts = { salt, iv, tag: cipher.getAuthTag(), sealed };
  writeState(
    path,
    Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('hex')])),
  );
}

/** @throws Refusal ENVIRONMENT on another passphrase, DATA_BROKEN on a broken file or one that others may read */
export function readKey(path: string, passphrase: string): Hex {
  let parts;
  try {
    parts = check(FILE, JSON.parse(readSecret(path)), 'the key file');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('DATA_BROKEN', `${path} is no key file.`, 'Restore it from your copy.');
  }
  const bytes = (name: keyof typeof parts) => Buffer.from(parts[name], 'hex');
  const decipher = createDecipheriv(
    'aes-256-gcm',
    scryptSync(passphrase, bytes('salt'), 32, SCRYPT),
    bytes('iv'),
  );
  decipher.setAuthTag(bytes('tag'));
  try {
    return `0x${Buffer.concat([decipher.update(bytes('sealed')), decipher.final()]).toString('hex')}`;
  } catch {
    throw new Refusal(
      'ENVIRONMENT',
      `The passphrase does not open ${path}.`,
      'Use the one that it was made with.',
    );
  }
}

function readSecret(path: string): string {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined)
    throw new Refusal(
      'ENVIRONMENT',
      `There is no ${path}.`,
      'Run `cardhour provider init`, or correct the path.',
    );
  if ((mode & 0o077) !== 0)
    throw new Refusal('ENVIRONMENT', `Others may read ${path}.`, `Run chmod 600 ${path}.`);
  return readFileSync(path, 'utf8').trim();
}
