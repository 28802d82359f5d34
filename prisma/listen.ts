/**
 * What processes tell one another through PostgreSQL's LISTEN and NOTIFY: which nodes a transaction changed. A
 * notification leaves with the commit that it is about, so whoever drops what it names never serves what is older.
 */
import pg from 'pg';

/** From the indexer: nodes that a batch of blocks changed, and the chain's time after it. */
export const CHAIN_CHANNEL = 'cardhour_chain';
/** From the gateway: nodes whose listings changed. */
export const LISTING_CHANNEL = 'cardhour_listings';
/** Most bytes that PostgreSQL takes in one notification, with room to spare. */
const MOST_BYTES = 7_900;

/** `null` stands for all: they are too many to name, or unknown. */
export interface Change {
  nodes: readonly string[] | null;
  /** Providers all of whose nodes changed. */
  providers: readonly string[];
  /** Chain time of the newest indexed block, unix seconds in decimal digits; absent when it did not move. */
  time?: string;
}

/** The payload of a notification, shortened to "all" when it would not fit. */
export function changePayload(change: Change): string {
  const text = JSON.stringify(change);
  if (text.length <= MOST_BYTES) return text;
  return JSON.stringify({ nodes: null, providers: [], time: change.time } satisfies Change);
}

export interface Listener {
  /** Whether every change is heard; false while the connection is away. */
  listening(): boolean;
  close(): Promise<void>;
}

const RETRY_MS = 1_000;

/**
 * Listens until closed; a connection that breaks is made anew. Whatever happened meanwhile is one change of everything.
 */
export function listenForChanges(databaseUrl: string, onChange: (change: Change) => void): Listener {
  let client: pg.Client | null = null;
  let listening = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const lost = (): void => {
    if (client === null) return;
    client.removeAllListeners();
    // A late error of a connection that is given up is nobody's.
    client.on('error', () => undefined);
    void client.end().catch(() => undefined);
    client = null;
    listening = false;
    onChange({ nodes: null, providers: [] });
    if (closed) return;
    timer = setTimeout(connect, RETRY_MS);
    timer.unref();
  };
  const connect = (): void => {
    const fresh = new pg.Client({ connectionString: databaseUrl });
    client = fresh;
    fresh.on('error', lost);
    fresh.on('end', lost);
    fresh.on('notification', ({ payload }) => {
      onChange(JSON.parse(payload ?? '') as Change);
    });
    (async () => {
      await fresh.connect();
      await fresh.query(`LISTEN ${CHAIN_CHANNEL}; LISTEN ${LISTING_CHANNEL}`);
      // What changed before the first notification could come.
      onChange({ nodes: null, providers: [] });
      listening = true;
    })().catch(lost);
  };
  connect();

  return {
    listening: () => listening,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      lost();
    },
  };
}
