/**
 * Makes package-lock.json anew (`npm run lock`, after every change of a dependency). npm forgets the binaries of other
 * platforms when it updates a lock in place, and leaves out those that a registry's mirror lacks; `npm ci` then refuses the
 * lock. So: from scratch, and with every platform that a package names.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PLATFORM = /-(darwin|linux|win32)-(amd64|arm64)$/;

const folder = mkdtempSync(join(tmpdir(), 'cardhour-lock-'));
try {
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  const npm = ['-y', '-p', 'node@24', '-p', 'npm@11', '--', 'npm'];
  const flags = ['--package-lock-only', '--no-audit', '--no-fund', '--omit-lockfile-registry-resolved'];
  execFileSync('npx', [...npm, 'install', ...flags], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const file = join(folder, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const added = addPlatforms(lock.packages);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  execFileSync('npx', [...npm, 'ci', '--dry-run'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  copyFileSync(file, join(ROOT, 'package-lock.json'));
  console.log(
    `package-lock.json is new; ${added.length} platforms added by hand: ${added.join(', ') || 'none'}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Entries for optional binaries that the lock names and lacks, after the likeness of a sibling that it has. */
function addPlatforms(packages) {
  const added = [];
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    if (path === '') continue;
    const names = Object.keys(optionalDependencies).filter((name) => PLATFORM.test(name));
    const sibling = names.map((name) => packages[`node_modules/${name}`]).find(Boolean);
    for (const name of names) {
      if (sibling === undefined || packages[`node_modules/${name}`] !== undefined) continue;
      const [, os, arch] = PLATFORM.exec(name);
      const { version, license, bin, engines } = sibling;
      const cpu = arch === 'amd64' ? 'x64' : arch;
      packages[`node_modules/${name}`] = {
        version,
        cpu: [cpu],
        license,
        optional: true,
        os: [os],
        bin,
        engines,
      };
      added.push(name);
    }
  }
  return added;
}
