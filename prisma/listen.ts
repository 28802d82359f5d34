/**
 * What processes tell one another through PostgreSQL's LISTEN and NOTIFY: which nodes a transaction changed. A
 * notification leaves with the commit that it is about, so whoever drops what it names never serves what is older.
 */
import pg from 'pg';

/** From the indexer: nodes that a batch of blocks changed, and the chain's time after it. */
export const CHAIN_CHANNEL = 'cardhour_chain';
/** From triggers: rows of leases, slots, reports and logs that a statement changed; `{table, ids?}`, ids joined by commas. */
export const EVENT_CHANNEL = 'cardhour_events';
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

/** Listens for changes of nodes until closed. Whatever happened while the connection was away is one change of everything. */
export function listenForChanges(databaseUrl: string, onChange: (change: Change) => void): Listener {
  return listenOn(
    databaseUrl,
    [CHAIN_CHANNEL, LISTING_CHANNEL],
    (payload) => onChange(JSON.parse(payload) as Change),
    () => onChange({ nodes: null, providers: [] }),
  );
}

/**
 * Listens until closed; a connection that breaks is made anew.
 * @param onGap called whenever something may have been missed: at the start, and when a connection is lost or made
 */
export function listenOn(
  databaseUrl: string,
  channels: readonly string[],
  onPayload: (payload: string) => void,
  onGap: () => void,
): Listener {
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
    onGap();
    if (closed) return;
    timer = setTimeout(connect, RETRY_MS);
    timer.unref();
  };
  const connect = (): void => {
    const fresh = new pg.Client({ connectionString: databaseUrl });
    client = fresh;
    fresh.on('error', lost);
    fresh.on('end', lost);
    fresh.on('notification', ({ payload }) => onPayload(payload ?? ''));
    (async () => {
      await fresh.connect();
      await fresh.query(channels.map((channel) => `LISTEN ${channel}`).join('; '));
      // What changed before the first notification could come.
      onGap();
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
