/** The gateway's API, as the demo's consumers use it. */
import type { Hex, Listing, SignedOrder } from '../../domain/types.ts';
import type { Workload } from '../../domain/workload.ts';

export interface MarketListing {
  listing: Listing;
  signature: Hex;
  /** Cards not yet sold. */
  left: number;
}

export interface MarketClass {
  id: Hex;
  name: string;
  /** Clearing prices, base units per card-hour, newest first. */
  prices: bigint[];
  listings: MarketListing[];
}

export interface MarketClient {
  ready(): Promise<boolean>;
  classes(): Promise<MarketClass[]>;
  putWorkload(workload: Workload): Promise<Hex>;
  putOrder(signed: SignedOrder, workload: Workload): Promise<Hex>;
}

const TIMEOUT_MS = 15_000;

/** Requests that the gateway refuses throw an Error with its code and sentence. */
export function createMarketClient(apiUrl: string): MarketClient {
  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const text = JSON.stringify(body, (_key, part: unknown) =>
      typeof part === 'bigint' ? part.toString() : part,
    );
    const init =
      body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
    const response = await fetch(apiUrl + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer = (await response.json()) as T & { code?: string; detail?: string };
    if (!response.ok)
      throw new Error(`${answer.code ?? response.status}: ${answer.detail ?? 'no reason given'}`);
    return answer;
  };
  return {
    ready: async () => (await call<{ ready: boolean }>('/api/health').catch(() => null))?.ready === true,
    async classes() {
      const { classes } = await call<{ classes: ClassAnswer[] }>('/api/v1/market');
      return classes.map(({ id, name, prices, listings }) => ({
        id,
        name,
        prices: prices.map(({ price }) => BigInt(price)),
        listings: listings.map(({ message, signature, left }) => ({
          listing: listingOf(message),
          signature,
          left,
        })),
      }));
    },
    putWorkload: async (workload) => (await call<{ hash: Hex }>('/api/v1/workloads', workload)).hash,
    putOrder: async (signed, workload) =>
      (await call<{ id: Hex }>('/api/v1/orders', { ...signed, workload })).id,
  };
}

interface ClassAnswer {
  id: Hex;
  name: string;
  prices: { price: string }[];
  listings: { message: ListingMessage; signature: Hex; left: number }[];
}

type ListingMessage = Record<keyof Listing, string | number>;

function listingOf(message: ListingMessage): Listing {
  return {
    provider: message.provider as Hex,
    node: message.node as Hex,
    nodeEpoch: Number(message.nodeEpoch),
    resourceClass: message.resourceClass as Hex,
    region: message.region as Hex,
    cards: Number(message.cards),
    pricePerCardHour: BigInt(message.pricePerCardHour),
    validFrom: BigInt(message.validFrom),
    validUntil: BigInt(message.validUntil),
    nonce: BigInt(message.nonce),
  };
}
