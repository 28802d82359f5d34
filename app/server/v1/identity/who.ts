/** Who asks: an API key before a session, nobody otherwise. */
import { Refusal } from '../../../../domain/refusal.ts';
import type { Database } from '../../../../prisma/client.ts';
import { NOBODY, type Principal } from '../access.ts';
import { holderOf } from './keys.ts';
import type { Roles } from './roles.ts';
import { cookieFor, sessionOf, tokenIn } from './sessions.ts';

const NO_SCOPES: Principal['scopes'] = new Set();

export interface Asking {
  method: string;
  headers: Record<string, string | undefined>;
  setHeader(name: string, value: string): void;
}

export interface Gatekeeper {
  db: Database;
  roles: Roles;
  /** Origins whose pages may act in a session. */
  origins: readonly string[];
  secure: boolean;
}

/** @throws Refusal NOT_SIGNED_IN for a key that is none, NOT_YOURS for a page of another site */
export async function whoAsks(gate: Gatekeeper, { method, headers, setHeader }: Asking): Promise<Principal> {
  const { db, roles, origins, secure } = gate;
  const { authorization } = headers;
  if (authorization !== undefined) {
    const holder = await holderOf(db, authorization.replace(/^Bearer /i, ''), new Date());
    if (holder === null)
      throw new Refusal(
        'NOT_SIGNED_IN',
        'The API key is unknown, revoked or expired.',
        'Send Authorization: Bearer with a key that is alive.',
      );
    const { id, account, scopes } = holder;
    return { account, roles: await roles.of(account), via: 'key', scopes: new Set(scopes), keyId: id };
  }
  const token = tokenIn(headers['cookie']);
  if (token === null) return NOBODY;
  // The cookie is SameSite=Strict; this is the second lock on the same door.
  const { origin } = headers;
  if (method !== 'GET' && (origin === undefined || !origins.includes(origin)))
    throw new Refusal(
      'NOT_YOURS',
      'A session acts for pages of this site alone.',
      'Send the Origin of this site, or use an API key.',
    );
  const session = await sessionOf(db, token, new Date());
  if (session === null) return NOBODY;
  if (session.newToken !== null)
    setHeader('set-cookie', cookieFor(session.newToken, session.expiresAt, secure));
  const { account } = session;
  return { account, roles: await roles.of(account), via: 'session', scopes: NO_SCOPES, keyId: null };
}
