/** What a plugin keeps of each lease in its folder: what the platform itself can't tell after a restart. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LEASE_ID } from './protocol.ts';
import { readState, writeState } from '../files.ts';

export interface LeaseStore<T> {
  read(id: string): T | null;
  write(id: string, record: T): void;
  /** Forgets the lease with all that lies in its folder. */
  remove(id: string): void;
  /** A folder of the lease's own; made when it is missing. */
  folder(id: string): string;
  ids(): string[];
}

export function openLeaseStore<T>(folder: string): LeaseStore<T> {
  const root = join(folder, 'leases');
  const of = (id: string) => {
    const path = join(root, id);
    mkdirSync(path, { recursive: true, mode: 0o711 });
    return path;
  };
  mkdirSync(root, { recursive: true, mode: 0o711 });
  return {
    read: (id) => readState<T>(join(root, id, 'record.json')),
    write: (id, record) => writeState(join(of(id), 'record.json'), record),
    remove: (id) => rmSync(join(root, id), { recursive: true, force: true }),
    folder: of,
    ids: () =>
      readdirSync(root)
        .filter((name) => LEASE_ID.test(name))
        .sort(),
  };
}
