/** Who somebody is: signing in with Ethereum, sessions, API keys, roles, and the log of what was done. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { owned, signedIn, withRole, SCOPES, ROLES } from '../access.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { makeKey } from '../identity/keys.ts';
import { checkSignIn, issueNonce } from '../identity/sign-in.ts';
import {
  closeSession,
  closeSessions,
  cookieFor,
  openSession,
  sessionOf,
  tokenIn,
} from '../identity/sessions.ts';
import { settingsOf } from '../settings.ts';
import { route } from '../declaration.ts';
import { addressIn, addressOut, decimal, moment, money, pageOf, pageQuery } from '../texts.ts';

const tag = 'Accounts';
const role = z.enum(ROLES);
const session = z.object({
  account: addressOut.nullable().describe('null for nobody'),
  roles: z.array(role),
  expiresAt: moment.nullable().describe('of a session; null for a key'),
});
const keyView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  spendPerDay: money.nullable(),
  createdAt: moment,
  expiresAt: moment.nullable(),
  revokedAt: moment.nullable(),
});
const byKey = z.strictObject({ id: z.string().regex(/^[0-9a-f]{24}$/, '24 hexadecimal digits are needed') });
const grant = z.strictObject({ account: addressIn, role: z.enum(['operator', 'administrator']) });

export const identityRoutes = {
  'POST /sign-in/nonce': route({
    tag,
    access: 'anyone',
    rate: 'sign',
    status: 201,
    summary: 'A nonce for one sign-in, and what the message has to name',
    body: z.strictObject({}),
    answer: z.object({
      nonce: z.string(),
      expiresAt: moment,
      chainId: z.int(),
      domains: z.array(z.string()),
    }),
    async handler({ server }) {
      const { nonce, expiresAt } = await issueNonce(server.db, new Date());
      const { domains } = settingsOf(server);
      return { nonce, expiresAt: expiresAt.toISOString(), chainId: server.deployment.chainId, domains };
    },
  }),
  'POST /sign-in': route({
    tag,
    access: 'anyone',
    rate: 'sign',
    status: 201,
    audit: 'sign in',
    summary: 'Sign in with a message of ERC-4361 and its signature; the session comes as a cookie',
    body: z.strictObject({
      message: z.string().max(4_096),
      signature: z
        .string()
        .regex(/^0x([0-9a-fA-F]{2}){1,4096}$/, 'bytes as 0x and hexadecimal digits are needed')
        .transform((value) => value.toLowerCase() as `0x${string}`),
    }),
    answer: session,
    async handler({ server, body, setHeader }) {
      const { db, client, deployment } = server;
      const { domains, secure, roles } = settingsOf(server);
      const terms = { db, client, chainId: deployment.chainId, domains, now: new Date() };
      const account = await checkSignIn(terms, body.message, body.signature);
      const opened = await openSession(db, account, new Date());
      setHeader('set-cookie', cookieFor(opened.newToken, opened.expiresAt, secure));
      return { account, roles: [...(await roles.of(account))], expiresAt: opened.expiresAt.toISOString() };
    },
  }),
  'GET /session': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'Who you are here',
    answer: session,
    async handler({ server, who, headers }) {
      const token = who.via === 'session' ? tokenIn(headers['cookie']) : null;
      const found = token === null ? null : await sessionOf(server.db, token, new Date());
      return {
        account: who.account,
        roles: [...who.roles],
        expiresAt: found?.expiresAt.toISOString() ?? null,
      };
    },
  }),
  'DELETE /session': route({
    tag,
    access: signedIn(null),
    rate: 'sign',
    status: 204,
    audit: 'sign out',
    summary: 'Sign out; `everywhere=1` ends all sessions of the account',
    query: z.strictObject({ everywhere: z.enum(['1']).optional() }),
    async handler({ server, who, query, headers, setHeader }) {
      const token = tokenIn(headers['cookie']);
      if (query.everywhere === '1') await closeSessions(server.db, who.account!);
      else if (token !== null) {
        const found = await sessionOf(server.db, token, new Date());
        if (found !== null) await closeSession(server.db, found.id);
      }
      setHeader('set-cookie', cookieFor('', new Date(0), settingsOf(server).secure));
      return null;
    },
  }),
  'GET /keys': route({
    tag,
    access: signedIn(null),
    rate: 'read',
    summary: 'Your API keys, without their secrets',
    answer: z.object({ items: z.array(keyView) }),
    async handler({ server, who }) {
      const rows = await server.db.apiKey.findMany({
        where: { account: who.account! },
        orderBy: { createdAt: 'desc' },
        take: 200,
      });
      return { items: rows.map(viewOfKey) };
    },
  }),
  'POST /keys': route({
    tag,
    access: signedIn(null),
    rate: 'sign',
    status: 201,
    audit: 'make a key',
    summary: 'Make an API key; its text is shown this once',
    body: z.strictObject({
      name: z.string().min(1).max(80),
      scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
      spendPerDay: z
        .string()
        .regex(/^(0|[1-9][0-9]{0,29})$/, 'base units in decimal digits are needed')
        .optional()
        .describe('most that its orders may lock in a day (UTC), base units'),
      days: z.int().min(1).max(3_650).optional().describe('until it expires'),
    }),
    answer: z.object({ id: z.string(), key: z.string() }),
    async handler({ server, who, body }) {
      if (body.scopes.includes('operate') && !who.roles.has('operator') && !who.roles.has('administrator'))
        throw new Refusal(
          'NO_ROLE',
          'A key with the scope operate needs an operator.',
          'Leave the scope out.',
        );
      return makeKey(server.db, who.account!, {
        name: body.name,
        scopes: body.scopes,
        spendPerDay: body.spendPerDay === undefined ? null : BigInt(body.spendPerDay),
        expiresAt: body.days === undefined ? null : new Date(Date.now() + body.days * 86_400_000),
      });
    },
  }),
  'DELETE /keys/{id}': route({
    tag,
    access: owned(
      null,
      async ({ db }, { id }) => {
        const row = await db.apiKey.findUnique({ where: { id: id as string }, select: { account: true } });
        return row === null ? null : [row.account];
      },
      ['administrator'],
    ),
    rate: 'write',
    status: 204,
    audit: 'revoke a key',
    summary: 'Revoke a key; it ends at once',
    path: byKey,
    async handler({ server, path: { id } }) {
      await server.db.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } });
      return null;
    },
  }),
  'GET /roles': route({
    tag,
    access: withRole(['administrator'], 'operate'),
    rate: 'read',
    summary: 'Roles that administrators gave',
    answer: z.object({
      items: z.array(z.object({ account: addressOut, role, grantedBy: addressOut, createdAt: moment })),
    }),
    async handler({ server }) {
      const rows = await server.db.roleGrant.findMany({ orderBy: { createdAt: 'asc' }, take: 1_000 });
      return {
        items: rows.map((row) => ({
          ...row,
          role: row.role as 'operator',
          createdAt: row.createdAt.toISOString(),
        })),
      };
    },
  }),
  'PUT /roles/{account}/{role}': route({
    tag,
    access: withRole(['administrator'], null),
    rate: 'write',
    status: 204,
    audit: 'give a role',
    summary: 'Make an account an operator or an administrator',
    path: grant,
    body: z.strictObject({}),
    async handler({ server, who, path }) {
      const data = { ...path, grantedBy: who.account! };
      await server.db.roleGrant.upsert({ where: { account_role: path }, create: data, update: {} });
      settingsOf(server).roles.forget(path.account);
      return null;
    },
  }),
  'DELETE /roles/{account}/{role}': route({
    tag,
    access: withRole(['administrator'], null),
    rate: 'write',
    status: 204,
    audit: 'take a role',
    summary: 'Take a given role back',
    path: grant,
    async handler({ server, path }) {
      await server.db.roleGrant.deleteMany({ where: path });
      settingsOf(server).roles.forget(path.account);
      return null;
    },
  }),
  'GET /audit': route({
    tag,
    access: signedIn('account:read'),
    rate: 'read',
    summary: 'What was done under your account, newest first; an administrator sees everybody’s with `all=1`',
    query: z.strictObject({ ...pageQuery, all: z.enum(['1']).optional() }),
    answer: pageOf(
      z.object({
        id: decimal,
        at: moment,
        requestId: z.string(),
        account: addressOut.nullable(),
        keyId: z.string().nullable(),
        action: z.string(),
        subject: z.string(),
        status: z.int(),
      }),
    ),
    async handler({ server, who, query }) {
      const everybody = query.all === '1';
      if (everybody && !who.roles.has('administrator'))
        throw new Refusal('NO_ROLE', 'Everybody’s deeds are for administrators.', 'Leave `all` out.');
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const rows = await server.db.auditEntry.findMany({
        where: {
          ...(everybody ? {} : { account: who.account! }),
          ...(at === null ? {} : { id: { lt: BigInt(at[0]!) } }),
        },
        orderBy: { id: 'desc' },
        take: query.limit + 1,
      });
      const views = rows.map((row) => ({ ...row, id: row.id.toString(), at: row.at.toISOString() }));
      return pageFrom(views, query.limit, ({ id }) => [id]);
    },
  }),
};

interface KeyRow {
  id: string;
  name: string;
  scopes: string[];
  spendPerDay: { toFixed(digits: number): string } | null;
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

function viewOfKey({ id, name, scopes, spendPerDay, createdAt, expiresAt, revokedAt }: KeyRow) {
  return {
    id,
    name,
    scopes,
    spendPerDay: spendPerDay?.toFixed(0) ?? null,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
