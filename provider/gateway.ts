/** The gateway's HTTP API, as far as an agent uses it. */
import type { LeaseReport } from '../domain/report.ts';
import type { Ask, Hex, Listing } from '../domain/types.ts';

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
  asksOf(provider: Hex): Promise<KnownOffer[]>;
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

/** @param stop ends requests that are under way: an agent that stops waits for nobody */
export function createGateway(apiUrl: string, stop: AbortSignal): Gateway {
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const init =
      body === undefined
        ? {}
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

  return {
    call,
    async asksOf(provider) {
      const asks = await call<(Omit<KnownOffer, 'validUntil'> & { validUntil: string })[]>(
        `/api/asks?provider=${provider}`,
      );
      return asks.map((ask) => ({ ...ask, validUntil: BigInt(ask.validUntil) }));
    },
    async listingsOf(provider) {
      const listings = await call<ListingAnswer[]>('/api/listings');
      return listings
        .filter((listing) => listing.provider === provider)
        .map(({ id, node, message, left, validUntil }) => {
          const cards = Number(message.cards);
          return { id, node, cards, filled: cards - left, validUntil: BigInt(validUntil), live: true };
        });
    },
    postAsk: async (ask, signature) =>
      (await call<{ receipt: unknown }>('/api/asks', { ask, signature })).receipt,
    postListing: async (listing, signature) => void (await call('/api/listings', { listing, signature })),
    workloadOf: (leaseId) => call(`/api/leases/${leaseId}/workload`),
    postReport: async (leaseId, report, signature) =>
      void (await call(`/api/leases/${leaseId}/report`, { ...report, signature })),
  };
}

interface ListingAnswer {
  id: Hex;
  provider: Hex;
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
