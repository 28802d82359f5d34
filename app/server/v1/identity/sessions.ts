/** Sessions of people: a cookie that no script can read, a token that changes as it is used, and an end in any case. */
import type { Hex } from '../../../../domain/types.ts';
import type { Database } from '../../../../prisma/client.ts';
import { hashOf, newId, newToken } from './tokens.ts';

export const SESSION_COOKIE = 'cardhour_session';
/** Seven days after signing in it ends, and after one without use. */
export const SESSION_MS = 7 * 86_400_000;
export const IDLE_MS = 86_400_000;
/** A token serves so long; the next request gets another. */
export const ROTATE_MS = 15 * 60_000;
/** The token before is good for requests that were under way. Later it is a thief's, or the thief has the new one: the session ends. */
export const GRACE_MS = 60_000;

export interface Session {
  id: string;
  account: Hex;
  expiresAt: Date;
  /** The token that the browser should have from now on; null when it has it. */
  newToken: string | null;
}

export async function openSession(
  db: Database,
  account: Hex,
  now: Date,
): Promise<Session & { newToken: string }> {
  const token = newToken();
  const expiresAt = new Date(now.getTime() + SESSION_MS);
  const row = await db.apiSession.create({
    data: { id: newId(), account, tokenHash: hashOf(token), rotatedAt: now, seenAt: now, expiresAt },
  });
  await db.apiSession.deleteMany({ where: { expiresAt: { lt: now } } });
  return { id: row.id, account, expiresAt, newToken: token };
}

/** The session of a token, or null; rotates it when it is due. */
export async function sessionOf(db: Database, token: string, now: Date): Promise<Session | null> {
  const hash = hashOf(token);
  const row = await db.apiSession.findFirst({ where: { OR: [{ tokenHash: hash }, { previousHash: hash }] } });
  if (row === null) return null;
  const idle = now.getTime() - row.seenAt.getTime() > IDLE_MS;
  const age = now.getTime() - row.rotatedAt.getTime();
  const isPrevious = row.tokenHash !== hash;
  if (row.expiresAt <= now || idle || (isPrevious && age > GRACE_MS)) {
    await closeSession(db, row.id);
    return null;
  }
  const session = { id: row.id, account: row.account as Hex, expiresAt: row.expiresAt, newToken: null };
  if (isPrevious || age < ROTATE_MS) return session;
  const next = newToken();
  // One of several requests at the same time rotates; the others go on with what they have.
  const { count } = await db.apiSession.updateMany({
    where: { id: row.id, tokenHash: hash },
    data: { tokenHash: hashOf(next), previousHash: hash, rotatedAt: now, seenAt: now },
  });
  return count === 1 ? { ...session, newToken: next } : session;
}

export async function closeSession(db: Database, id: string): Promise<void> {
  await db.apiSession.deleteMany({ where: { id } });
}

/** All of an account's, wherever it signed in. */
export async function closeSessions(db: Database, account: string): Promise<number> {
  return (await db.apiSession.deleteMany({ where: { account } })).count;
}

/** @param secure whether browsers reach the server over TLS */
export function cookieFor(token: string, expiresAt: Date, secure: boolean): string {
  return `${SESSION_COOKIE}=${token}; Path=/api; HttpOnly; SameSite=Strict; Expires=${expiresAt.toUTCString()}${secure ? '; Secure' : ''}`;
}

export function tokenIn(cookies: string | undefined): string | null {
  if (cookies === undefined) return null;
  for (const part of cookies.split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === SESSION_COOKIE && value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value)) return value;
  }
  return null;
}
