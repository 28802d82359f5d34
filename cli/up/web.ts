import { createHash } from 'node:crypto';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnKept, type Kept } from '../supervise/keeper.ts';
import { lastSentence } from '../supervise/part.ts';
import { ROOT } from './settings.ts';

/** What the built pages are made of. */
const SOURCES = ['app', 'domain', 'contracts', 'prisma', 'next.config.ts', 'package-lock.json'];
const SOURCE_FILE = /\.(ts|tsx|css|json|prisma|svg|png|ico)$/;
const STAMP = join(ROOT, '.next', 'cardhour-sources');
const SERVER = join(ROOT, 'app', 'serve.ts');
const NEXT = join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next');

/**
 * Builds the pages unless they are built from these very sources.
 * @returns whether it built
 * @throws Error with the build's own words
 */
export async function buildWeb(logFile: string, onSpawn: (build: Kept) => void): Promise<boolean> {
  const wanted = await sourceHash();
  const built = await readFile(STAMP, 'utf8').catch(() => '');
  if (built === wanted) return false;
  await rm(STAMP, { force: true });
  await writeFile(logFile, '');
  const build = spawnKept({
    command: process.execPath,
    args: [NEXT, 'build'],
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' },
    logFile,
    graceSeconds: 2,
  });
  onSpawn(build);
  const code = await build.exited;
  if (code !== 0) {
    throw new Error(`The web app could not be built: ${lastSentence(logFile, 0)} (see ${logFile})`);
  }
  await writeFile(STAMP, wanted);
  return true;
}

/** The command that serves the API and the built pages on loopback. */
export function serveWeb(port: number): { command: string; args: string[] } {
  return {
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      SERVER,
      '--hostname',
      '127.0.0.1',
      '--port',
      String(port),
    ],
  };
}

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  for (const source of SOURCES) {
    for (const file of await filesUnder(join(ROOT, source))) {
      hash
        .update(`${file.slice(ROOT.length)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

/** Files of the sources below a path, or the path itself, in a fixed order. */
async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries
    .filter((entry) => entry.isFile() && SOURCE_FILE.test(entry.name) && entry.name !== 'next-env.d.ts')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
