import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readKey, readPassphrase, writeKey } from '../../provider/keyfile.ts';

const folders: string[] = [];
const KEY = `0x${'5c'.repeat(32)}` as const;
const PASSPHRASE = 'correct horse battery';

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the key file', () => {
  it('gives the key back to its passphrase alone, and shows it to nobody', () => {
    const path = fresh();
    writeKey(path, KEY, PASSPHRASE);
    expect(readKey(path, PASSPHRASE)).toBe(KEY);
    expect(readFileSync(path, 'utf8')).not.toContain('5c5c5c');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => readKey(path, 'another passphrase')).toThrow(/does not open/);
  });

  it('is not overwritten, nor read when others may', () => {
    const path = fresh();
    writeKey(path, KEY, PASSPHRASE);
    expect(() => writeKey(path, KEY, PASSPHRASE)).toThrow(/holds a key already/);
    chmodSync(path, 0o644);
    expect(() => readKey(path, PASSPHRASE)).toThrow(/Others may read/);
  });

  it('says so when it is broken, tampered with or missing', () => {
    const path = fresh();
    expect(() => readKey(path, PASSPHRASE)).toThrow(/There is no/);
    writeFileSync(path, '{}', { mode: 0o600 });
    expect(() => readKey(path, PASSPHRASE)).toThrow(/is no key file/);
    rmSync(path);
    writeKey(path, KEY, PASSPHRASE);
    const parts = JSON.parse(readFileSync(path, 'utf8')) as { sealed: string };
    const flipped = {
      ...parts,
      sealed: `${parts.sealed.startsWith('0') ? '1' : '0'}${parts.sealed.slice(1)}`,
    };
    writeFileSync(path, JSON.stringify(flipped));
    expect(() => readKey(path, PASSPHRASE)).toThrow(/does not open/);
  });
});

describe('the passphrase', () => {
  it('comes from the environment, or from a file that others may not read', () => {
    const path = fresh();
    writeFileSync(path, `${PASSPHRASE}\n`, { mode: 0o600 });
    expect(readPassphrase({ CARDHOUR_PASSPHRASE: PASSPHRASE })).toBe(PASSPHRASE);
    expect(readPassphrase({ CARDHOUR_PASSPHRASE_FILE: path })).toBe(PASSPHRASE);
    chmodSync(path, 0o640);
    expect(() => readPassphrase({ CARDHOUR_PASSPHRASE_FILE: path })).toThrow(/Others may read/);
    expect(() => readPassphrase({ CARDHOUR_PASSPHRASE: 'short' })).toThrow(/12 characters or more/);
    expect(() => readPassphrase({})).toThrow(/CARDHOUR_PASSPHRASE/);
  });
});

function fresh(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-key-'));
  folders.push(folder);
  return join(folder, 'key.json');
}
