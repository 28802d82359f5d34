/** What the API is told beside the market: its public address, its administrators, its limits. */
import { z } from 'zod';
import { Refusal } from '../../../domain/refusal.ts';
import type { ServerContext } from '../context.ts';
import type { TargetRules } from '../webhooks/target.ts';
import { createRoles, type Roles } from './identity/roles.ts';

const environment = z.object({
  /** Where browsers reach this server; a list with commas. The machine itself when it is left out. */
  PUBLIC_URL: z.string().optional(),
  PORT: z.string().optional(),
  /** Accounts, joined by commas, that may give roles to others. */
  ADMINISTRATORS: z.string().optional(),
  /** Times the usual rates; 0 for none. */
  RATE_FACTOR: z.coerce.number().min(0).max(1_000_000).default(1),
  /** Proxies before this server whose X-Forwarded-For counts. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** 1: webhooks may go inside the network, and in plain HTTP. */
  WEBHOOKS_INSIDE: z.enum(['0', '1']).default('0'),
});

export interface ApiSettings {
  /** Hosts that a sign-in may name. */
  domains: string[];
  origins: string[];
  /** Browsers come over TLS. */
  secure: boolean;
  administrators: Set<string>;
  rateFactor: number;
  trustedProxies: number;
  webhooks: TargetRules;
}

/** @param port that the server listens on @throws Refusal ENVIRONMENT */
export function readSettings(env: Record<string, string | undefined>, port: number): ApiSettings {
  const parsed = environment.safeParse(env);
  if (!parsed.success)
    throw new Refusal(
      'ENVIRONMENT',
      z.prettifyError(parsed.error),
      'Correct the variable, or leave it out (docs/api.md).',
    );
  const { PUBLIC_URL, ADMINISTRATORS, RATE_FACTOR, TRUSTED_PROXIES, WEBHOOKS_INSIDE } = parsed.data;
  const urls = (PUBLIC_URL ?? `http://localhost:${port},http://127.0.0.1:${port}`).split(',').map((url) => {
    if (!URL.canParse(url.trim()))
      throw new Refusal(
        'ENVIRONMENT',
        `PUBLIC_URL holds no URL: ${url}.`,
        'Give it as https://market.example.',
      );
    return new URL(url.trim());
  });
  const named = (ADMINISTRATORS ?? '').split(',').map((part) => part.trim().toLowerCase());
  const administrators = named.filter((part) => part !== '');
  const wrong = administrators.find((part) => !/^0x[0-9a-f]{40}$/.test(part));
  if (wrong !== undefined)
    throw new Refusal(
      'ENVIRONMENT',
      `ADMINISTRATORS holds no address: ${wrong}.`,
      'Give 0x and 40 hexadecimal digits each.',
    );
  return {
    domains: urls.map(({ host }) => host),
    origins: urls.map(({ origin }) => origin),
    secure: urls.every(({ protocol }) => protocol === 'https:'),
    administrators: new Set(administrators),
    rateFactor: RATE_FACTOR,
    trustedProxies: TRUSTED_PROXIES,
    webhooks: { inside: WEBHOOKS_INSIDE === '1' },
  };
}

type Settled = ApiSettings & { roles: Roles };
const settled = new WeakMap<ServerContext, Settled>();

/** Settings are a server's own: tests run several in one process. */
export function settle(server: ServerContext, settings: ApiSettings): Settled {
  const all = { ...settings, roles: createRoles(server.db, settings.administrators) };
  settled.set(server, all);
  return all;
}

export function settingsOf(server: ServerContext): Settled {
  const found = settled.get(server);
  if (found === undefined) throw new Error('the API has no settings: settle() comes first');
  return found;
}
