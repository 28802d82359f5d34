/** The gateway's HTTP API, as far as an agent uses it. */
import type { PrivateKeyAccount } from 'viem/accounts';
import type { LeaseReport } from '../domain/report.ts';
import type { Ask, Hex, Listing } from '../domain/types.ts';
import { createSession } from './session.ts';

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  /** The refusal's code; UNREACHABLE without an answer. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(code: string, message: string, retryable: boolean) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/** An offer of ours as the gateway has it. */
export interface KnownOffer {
  id: Hex;
  node: Hex;
  cards: number;
  filled: number;
  validUntil: bigint;
  live: boolean;
}

export interface Gateway {
  /** Any path: GET without a body, else POST. */
  call<T>(path: string, body?: unknown): Promise<T>;
  /** Those of the provider whose signing key the agent has. */
  asks(): Promise<KnownOffer[]>;
  /** Only those that can still be bought. */
  listingsOf(provider: Hex): Promise<KnownOffer[]>;
  /** The same message again is answered the same. @returns the signed receipt */
  postAsk(ask: Ask, signature: Hex): Promise<unknown>;
  postListing(listing: Listing, signature: Hex): Promise<void>;
  /** Unchecked: the caller holds it against the hash on-chain. */
  workloadOf(leaseId: bigint): Promise<unknown>;
  postReport(leaseId: bigint, report: LeaseReport, signature: Hex): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** Requests under way at once; the others wait in line, those that a lease's start waits for first. */
const AT_ONCE = 32;

/**
 * @param stop ends requests that are under way: an agent that stops waits for nobody
 * @param account signing key, which signs in where parties alone may read
 */
export function createGateway(apiUrl: string, stop: AbortSignal, account: PrivateKeyAccount): Gateway {
  const session = createSession(account);
  let underWay = 0;
  const line: { urgent: (() => void)[]; other: (() => void)[] } = { urgent: [], other: [] };
  const turn = (urgent: boolean): Promise<void> | void => {
    underWay += 1;
    if (underWay > AT_ONCE)
      return new Promise((resolve) => void (urgent ? line.urgent : line.other).push(resolve));
  };
  const call = async <T>(path: string, body?: unknown, urgent = false): Promise<T> => {
    await turn(urgent);
    try {
      return await ask(path, body);
    } finally {
      underWay -= 1;
      (line.urgent.shift() ?? line.other.shift())?.();
    }
  };

  const ask = async <T>(path: string, body: unknown): Promise<T> => {
    const init =
      body === undefined
        ? { headers: session.headers() }
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: toJson(body) };
    let response: Response;
    let answer: unknown;
    // AbortSignal.any would leave some 200 bytes in `stop` for every request (measured on Node 24.9).
    const ended = new AbortController();
    const end = () => ended.abort();
    const timer = setTimeout(end, TIMEOUT_MS);
    stop.addEventListener('abort', end);
    if (stop.aborted) end();
    try {
      response = await fetch(apiUrl + path, { ...init, signal: ended.signal });
      session.keep(response);
      answer = await response.json();
    } catch (error) {
      throw new GatewayError(
        'UNREACHABLE',
        `The gateway does not answer at ${apiUrl}${path}: ${reason(error)}.`,
        true,
      );
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
    }
    if (response.ok) return answer as T;
    const { code, detail } = answer as { code?: string; detail?: string };
    const retryable = response.status >= 500 || [404, 408, 429].includes(response.status);
    throw new GatewayError(
      code ?? `HTTP_${response.status}`,
      detail ?? `The gateway answered ${response.status}.`,
      retryable,
    );
  };

  let signingIn: Promise<void> | undefined;
  const signIn = async (): Promise<void> => {
    const { nonce, chainId } = await call<{ nonce: string; chainId: number }>('/api/v1/sign-in/nonce', {});
    await call('/api/v1/sign-in', await session.message(apiUrl, nonce, chainId));
  };
  /** What parties alone may read; signs in first where that has to be. */
  const callAsParty = async <T>(path: string, urgent = false): Promise<T> => {
    try {
      return await call<T>(path, undefined, urgent);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'NOT_SIGNED_IN') throw error;
      await (signingIn ??= signIn().finally(() => (signingIn = undefined)));
      return call<T>(path, undefined, urgent);
    }
  };

  return {
    call,
    async asks() {
      const { items } = await callAsParty<{ items: AskAnswer[] }>('/api/v1/asks');
      return items.map((ask) => ({ ...ask, validUntil: BigInt(ask.validUntil) }));
    },
    async listingsOf(provider) {
      const listings: ListingAnswer[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const path = `/api/v1/listings?limit=200&provider=${provider}${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page: { items: ListingAnswer[]; next: string | null } = await call(path);
        listings.push(...page.items);
        cursor = page.next;
      }
      return listings.map(({ id, node, message, left, validUntil }) => {
        const cards = Number(message.cards);
        return { id, node, cards, filled: cards - left, validUntil: BigInt(validUntil), live: true };
      });
    },
    postAsk: async (ask, signature) =>
      (await call<{ receipt: unknown }>('/api/v1/asks', { ask, signature })).receipt,
    postListing: async (listing, signature) => void (await call('/api/v1/listings', { listing, signature })),
    workloadOf: (leaseId) => callAsParty(`/api/v1/leases/${leaseId}/workload`, true),
    postReport: async (leaseId, report, signature) =>
      void (await call(`/api/v1/leases/${leaseId}/report`, { ...report, signature })),
  };
}

type AskAnswer = Omit<KnownOffer, 'validUntil'> & { validUntil: string };

interface ListingAnswer {
  id: Hex;
  node: Hex;
  message: { cards: number | string };
  validUntil: string;
  left: number;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

/** fetch hides what happened (a refused connection, a timeout) in its cause. */
function reason(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? 'no reason given';
}
