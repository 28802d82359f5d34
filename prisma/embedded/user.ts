import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';

/** The account that the server runs as. */
export interface ServerUser {
  /** Who owns its files; absent: us. */
  owner: { uid: number; gid: number } | null;
  /** What to put before a program to run it as that account; nothing where `spawn` can do it. */
  prefix: string[];
}

/**
 * PostgreSQL refuses to run as root. Started by root, it runs as `postgres` where that account exists, else as `nobody`,
 * so that no account need be added to the machine. In folders that only root may enter (a checkout in /root), it keeps
 * the one right to pass them.
 *
 * @param paths what the server must reach
 * @throws Refusal DATA_BROKEN when it can't
 */
export function serverUser(paths: string[]): ServerUser {
  if (process.getuid?.() !== 0) return { owner: null, prefix: [] };
  const owner = accountFor('postgres') ?? accountFor('nobody') ?? { uid: 65534, gid: 65534 };
  const closed = paths.flatMap(ancestors).find((folder) => !mayEnter(folder, owner));
  if (closed === undefined) return { owner, prefix: [] };
  const prefix = ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  prefix.push('--inh-caps=+dac_override', '--ambient-caps=+dac_override');
  if (succeeds([...prefix, 'true'])) return { owner, prefix };
  throw new Refusal(
    'DATA_BROKEN',
    `Started by root, the database runs as user ${owner.uid}, who may not enter ${closed}.`,
    'Start as another user than root, or work in a folder that everybody may enter.',
  );
}

/** The account for `spawn` to switch to; none where the prefix does it. */
export function spawnOwner({ owner, prefix }: ServerUser): { uid?: number; gid?: number } {
  return owner === null || prefix.length > 0 ? {} : owner;
}

function accountFor(name: string): { uid: number; gid: number } | undefined {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      execFileSync('id', [flag, name], { stdio: 'pipe' }).toString(),
    );
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

/** Folders above `path` that are there, nearest first. */
function ancestors(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...ancestors(above)];
}

function mayEnter(folder: string, { uid, gid }: { uid: number; gid: number }): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return true;
  if (found.uid === uid) return (found.mode & 0o100) !== 0;
  return (found.mode & (found.gid === gid ? 0o010 : 0o001)) !== 0;
}

function succeeds([program = '', ...args]: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
