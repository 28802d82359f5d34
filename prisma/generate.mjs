/**
 * Generates the Prisma client into `prisma/generated/`, and returns at once when it is fresh. Dependency-free: the
 * launcher runs it right after the install, with any Node from 20 on.
 *
 *   node prisma/generate.mjs
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(folder);
const stamp = join(folder, 'generated', '.stamp');
const prisma = join(root, 'node_modules', 'prisma');

/** What the generated client depends on: the schema, and the generator's version. */
function fingerprint() {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(folder, 'schema.prisma')));
  hash.update(readFileSync(join(prisma, 'package.json')));
  return hash.digest('hex');
}

function isFresh() {
  if (!existsSync(join(folder, 'generated', 'client.ts')) || !existsSync(stamp)) return false;
  return readFileSync(stamp, 'utf8') === fingerprint();
}

/**
 * @param {{quiet?: boolean}} [options]
 * @returns {boolean} whether it generated; false when the client was fresh already
 */
export function generate({ quiet = true } = {}) {
  if (isFresh()) return false;
  const run = spawnSync(process.execPath, [join(prisma, 'build', 'index.js'), 'generate', '--no-hints'], {
    cwd: root,
    encoding: 'utf8',
    stdio: quiet ? 'pipe' : 'inherit',
    env: {
      ...process.env,
      // `generate` downloads an engine that it never runs, unless this names some file that exists.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  if (run.status !== 0) throw new Error(`prisma generate failed: ${run.stderr ?? run.error ?? ''}`);
  writeFileSync(stamp, fingerprint());
  return true;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const generated = generate({ quiet: false });
  if (!generated) console.log('Prisma client is fresh.');
}
