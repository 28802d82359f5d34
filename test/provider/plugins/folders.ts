/** Folders with plugins for tests: the Python example, and what is wrong with it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest, type InstalledPlugin } from '../../../provider/pools/manifest.ts';

export const TOY = join(import.meta.dirname, 'toy');

/** The example is in Python, to show that any language will do; without Python its tests are skipped. */
export const hasPython = spawnSync('python3', ['-c', 'import ctypes']).status === 0;

export function toy(): InstalledPlugin {
  return readManifest(TOY);
}

/** The toy with one defect of wrong.py, in a folder of its own below `parent`. */
export function wrong(
  defect: string,
  parent = mkdtempSync(join(tmpdir(), 'cardhour-wrong-')),
): InstalledPlugin {
  const folder = join(parent, defect);
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: defect,
    version: '1.0.0',
    protocol: ['1'],
    command: ['python3', join(import.meta.dirname, 'wrong.py'), defect],
  };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest));
  return readManifest(folder);
}
