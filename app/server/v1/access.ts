/** Who may do what: the one place that decides it. Routes declare, this enforces. */
import { Refusal } from '../../../domain/refusal.ts';
import type { Hex } from '../../../domain/types.ts';
import type { ServerContext } from '../context.ts';

/** Every account that signs in is a consumer; the chain says who provides, watches and audits; administrators name the rest. */
export const ROLES = ['consumer', 'provider', 'monitor', 'auditor', 'operator', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** What a key may be used for. A session may do all that its account may. */
export const SCOPES = [
  'account:read',
  'orders:read',
  'orders:write',
  'logs:read',
  'webhooks',
  'operate',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface Principal {
  /** Null for somebody who is not signed in. */
  account: Hex | null;
  roles: ReadonlySet<Role>;
  via: 'nothing' | 'session' | 'key';
  /** Of a key: what it may be used for. */
  scopes: ReadonlySet<Scope>;
  keyId: string | null;
}

export const NOBODY: Principal = {
  account: null,
  roles: new Set(),
  via: 'nothing',
  scopes: new Set(),
  keyId: null,
};

/** Named parts of a request's path, as its schema let them through. */
type Named = Record<string, unknown>;

interface Signed {
  /** Any of them. */
  roles: readonly Role[];
  /** Null: sessions alone, no key. */
  scope: Scope | null;
  /** The path's `account` has to be the caller's own. */
  own?: 'account';
  /** Accounts that what the path names belongs to; null when there is no such thing. */
  owners?: (server: ServerContext, path: Named) => Promise<readonly string[] | null>;
  /** Roles to which neither `own` nor `owners` applies. */
  over?: readonly Role[];
}

export type Access = 'anyone' | Signed;

/** @throws Refusal NOT_SIGNED_IN, NO_ROLE, NO_SCOPE, NOT_YOURS, NOT_FOUND */
export async function admit(
  access: Access,
  who: Principal,
  server: ServerContext,
  path: Named,
): Promise<void> {
  if (access === 'anyone') return;
  if (who.account === null) {
    throw new Refusal(
      'NOT_SIGNED_IN',
      'This needs an account.',
      'Sign in with Ethereum (POST /api/v1/sign-in), or send an API key as Authorization: Bearer.',
    );
  }
  if (!access.roles.some((role) => who.roles.has(role))) {
    throw new Refusal(
      'NO_ROLE',
      `This needs the role ${access.roles.join(' or ')}.`,
      'Use an account that has it.',
    );
  }
  if (who.via === 'key' && (access.scope === null || !who.scopes.has(access.scope))) {
    throw new Refusal(
      'NO_SCOPE',
      access.scope === null ? 'No API key may do this.' : `The key lacks the scope ${access.scope}.`,
      access.scope === null ? 'Sign in and do it in a session.' : 'Make a key with that scope.',
    );
  }
  if (access.over?.some((role) => who.roles.has(role)) === true) return;
  if (access.own === 'account' && path['account'] !== who.account) {
    throw new Refusal('NOT_YOURS', 'This belongs to another account.', 'Ask for your own.');
  }
  if (access.owners === undefined) return;
  const owners = await access.owners(server, path);
  // One answer for both: who may not see a thing does not learn whether it is there.
  if (owners === null || !owners.includes(who.account)) {
    throw new Refusal(
      'NOT_FOUND',
      'This is not known here, or is not yours.',
      'Check the id and the account.',
    );
  }
}

const EVERYBODY: readonly Role[] = ['consumer'];

/** The path's account itself. */
export function ownAccount(
  scope: Scope | null,
  over: readonly Role[] = ['operator', 'administrator'],
): Access {
  return { roles: EVERYBODY, scope, own: 'account', over };
}

/** Whoever is signed in. */
export function signedIn(scope: Scope | null): Access {
  return { roles: EVERYBODY, scope };
}

export function withRole(roles: readonly Role[], scope: Scope | null): Access {
  return { roles, scope };
}

/** Those to whom the named thing belongs. */
export function owned(
  scope: Scope | null,
  owners: NonNullable<Signed['owners']>,
  over: readonly Role[] = [],
): Access {
  return { roles: EVERYBODY, scope, owners, over };
}
