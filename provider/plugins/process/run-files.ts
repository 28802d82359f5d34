/** What the plugin keeps of a lease: `<folder>/<id>/` with `run.json`, `log` and the command's `work` folder. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readState, writeState } from '../../files.ts';
import { LEASE_ID, type LeaseStatus, type PluginLease, type Usage } from '../../plugin/protocol.ts';
import type { ProcessRecord } from '../../sandbox/process.ts';

export interface RunRecord {
  status: LeaseStatus;
  /** Node that the cards were sold from. */
  node: string;
  /** What may still run; written before the start. */
  process: ProcessRecord;
  usage: Usage;
}

export interface RunFiles {
  logPath: string;
  workFolder: string;
  load(): RunRecord | null;
  save(record: RunRecord): void;
  /** An empty work folder with the lease's files in it. */
  prepare(files: PluginLease['files']): void;
  readLog(offset: number, limit: number): Buffer;
  remove(): Promise<void>;
}

export function runFiles(root: string, id: string): RunFiles {
  const folder = join(root, id);
  const [recordPath, logPath, workFolder] = [
    join(folder, 'run.json'),
    join(folder, 'log'),
    join(folder, 'work'),
  ];
  return {
    logPath,
    workFolder,
    load: () => readState<RunRecord>(recordPath),
    save: (record) => writeState(recordPath, record, { durable: false }),
    prepare(files = []) {
      mkdirSync(workFolder, { recursive: true, mode: 0o700 });
      for (const { path, base64, executable } of files) {
        const target = join(workFolder, path);
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, Buffer.from(base64, 'base64'), { mode: executable ? 0o755 : 0o644 });
      }
    },
    readLog(offset, limit) {
      if (!existsSync(logPath)) return Buffer.alloc(0);
      const file = openSync(logPath, 'r');
      try {
        const bytes = Buffer.alloc(limit);
        return bytes.subarray(0, readSync(file, bytes, 0, limit, offset));
      } finally {
        closeSync(file);
      }
    },
    async remove() {
      try {
        await rm(folder, { recursive: true, force: true });
      } catch {
        // Folders that the command took its own rights from.
        execFileSync('chmod', ['-R', 'u+rwX', folder]);
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Ids of the leases on disk, ascending. */
export function storedRuns(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => LEASE_ID.test(name))
    .sort();
}
