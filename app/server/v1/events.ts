/**
 * Event streams: one connection of this process hears what the database's triggers tell, reads each changed row once, and
 * sends it to every stream that wants it.
 */
import type { Database } from '../../../prisma/client.ts';
import { EVENT_CHANNEL, listenOn } from '../../../prisma/listen.ts';
import { Refusal } from '../../../domain/refusal.ts';
import { errorFields, log } from '../log.ts';
import { leasesOf } from '../reads/leases.ts';
import { toJson } from '../wire.ts';
import type { StreamAnswer } from './declaration.ts';

/** Streams of one process, and of one caller. */
const MOST_STREAMS = 10_000;
export const MOST_OF_A_CALLER = 100;
/** A line that says nothing keeps proxies and readers awake. */
const AWAKE_MS = 15_000;
/** Changes of so long are read together. */
const GATHER_MS = 20;
/** Leases of one read; a lock on the log's memory. */
const MOST_ROWS = 300;

type Send = (piece: string) => boolean;

/** What a stream is about: the key under which changes find it. */
export type Topic = 'slots' | `lease ${string}` | `account ${string}` | `log ${string}`;

interface Hearer {
  send: Send;
  /** Of a log: the last piece that it has. */
  seq: number;
}

export interface EventHub {
  /** @param caller whose streams are counted; null for no count @throws Refusal RATE_LIMITED */
  stream(topics: readonly Topic[], caller: string | null, lastSeq?: number): StreamAnswer;
  open(): number;
  close(): Promise<void>;
}

export function createEventHub(db: Database, databaseUrl: string): EventHub {
  const hearers = new Map<Topic, Set<Hearer>>();
  const all = new Map<Hearer, () => void>();
  const byCaller = new Map<string, number>();
  const changed = { lease: new Set<string>(), slot_run: new Set<string>(), lease_log: new Set<string>() };
  let gathering: NodeJS.Timeout | undefined;
  let listener: ReturnType<typeof listenOn> | undefined;

  const tell = (topic: Topic, event: string, data: unknown, id?: string): void => {
    const set = hearers.get(topic);
    if (set === undefined) return;
    const piece = pieceOf(event, data, id);
    for (const { send } of set) send(piece);
  };

  const flush = async (): Promise<void> => {
    gathering = undefined;
    const take = (set: Set<string>): string[] => {
      const ids = [...set];
      set.clear();
      return ids;
    };
    const leases = take(changed.lease);
    const slots = take(changed.slot_run);
    const logs = take(changed.lease_log).filter((id) => hearers.has(`log ${id}`));
    for (let from = 0; from < leases.length; from += MOST_ROWS) {
      const some = leases.slice(from, from + MOST_ROWS);
      const rows = await leasesOf(db, { ids: some.map(BigInt) }, MOST_ROWS);
      for (const row of rows) {
        tell(`lease ${row.id}`, 'lease', row);
        tell(`account ${row.consumer}`, 'lease', row);
        if (row.provider !== row.consumer) tell(`account ${row.provider}`, 'lease', row);
      }
      // A reorganisation took it back.
      const left = new Set(rows.map(({ id }) => id));
      for (const id of some) if (!left.has(id)) tell(`lease ${id}`, 'gone', { id });
    }
    if (slots.length > 0 && hearers.has('slots')) {
      const rows = await db.$queryRaw<object[]>`
        SELECT r.slot::text AS slot, r.state, r.matched, r.unmatched, coalesce(s."orderCount", r.matched + r.unmatched) AS orders,
               coalesce(s.skipped, 0) AS skipped, s."txHash"
        FROM slot_run r LEFT JOIN slot s ON s.slot = r.slot WHERE r.slot = ANY(${slots.map(BigInt)}::bigint[]) ORDER BY r.slot`;
      for (const row of rows) tell('slots', 'slot', row);
    }
    for (const id of logs) await sendLog(id);
  };

  const sendLog = async (id: string): Promise<void> => {
    const set = hearers.get(`log ${id}`);
    if (set === undefined) return;
    const since = Math.min(...[...set].map(({ seq }) => seq));
    const rows = await db.leaseLog.findMany({
      where: { leaseId: BigInt(id), seq: { gt: since } },
      orderBy: { seq: 'asc' },
      take: MOST_ROWS,
    });
    for (const { seq, text } of rows) {
      const piece = pieceOf('log', { seq, text }, String(seq));
      for (const hearer of set) {
        if (hearer.seq >= seq) continue;
        hearer.seq = seq;
        hearer.send(piece);
      }
    }
    if (rows.length === MOST_ROWS) await sendLog(id);
  };

  const soon = (): void => {
    gathering ??= setTimeout(
      () => void flush().catch((error: unknown) => log('warn', 'events were not read', errorFields(error))),
      GATHER_MS,
    );
  };

  const heard = (payload: string): void => {
    const { table, ids } = JSON.parse(payload) as { table: string; ids?: string };
    if (ids === undefined) return gap();
    const set = table === 'lease_report' ? changed.lease : changed[table as keyof typeof changed];
    for (const id of ids.split(',')) if (wanted(table, id)) set.add(id);
    if (set.size > 0) soon();
  };
  /** Whether anybody may want it: an account's leases are known by their rows alone. */
  const wanted = (table: string, id: string): boolean => {
    if (table === 'slot_run') return hearers.has('slots');
    if (table === 'lease_log') return hearers.has(`log ${id}`);
    return hearers.has(`lease ${id}`) || accountHearers > 0;
  };
  let accountHearers = 0;

  /** Something may have been missed: readers look anew, logs go on where they are. */
  const gap = (): void => {
    const piece = pieceOf('reset', { why: 'Changes may have been missed: read again what you follow.' });
    for (const [topic, set] of hearers) {
      if (topic.startsWith('log ')) changed.lease_log.add(topic.slice(4));
      else for (const { send } of set) send(piece);
    }
    if (changed.lease_log.size > 0) soon();
  };

  const awake = setInterval(() => {
    for (const { send } of all.keys()) send(':\n\n');
  }, AWAKE_MS);
  awake.unref();

  return {
    stream: (topics, caller, lastSeq = -1) => {
      const own = caller === null ? 0 : (byCaller.get(caller) ?? 0);
      if (all.size >= MOST_STREAMS || own >= MOST_OF_A_CALLER) {
        throw new Refusal(
          'RATE_LIMITED',
          `There are ${own} streams of yours and ${all.size} in all.`,
          'Close some; one stream can follow an account.',
          { retryable: true },
        );
      }
      return {
        open(send, end) {
          listener ??= listenOn(databaseUrl, [EVENT_CHANNEL], heard, gap);
          const hearer = { send, seq: lastSeq };
          all.set(hearer, end);
          if (caller !== null) byCaller.set(caller, (byCaller.get(caller) ?? 0) + 1);
          for (const topic of topics) {
            const set = hearers.get(topic) ?? new Set();
            hearers.set(topic, set.add(hearer));
            if (topic.startsWith('account ')) accountHearers += 1;
            if (topic.startsWith('log ')) {
              changed.lease_log.add(topic.slice(4));
              soon();
            }
          }
          send('retry: 3000\n\n');
          return () => {
            if (!all.delete(hearer)) return;
            if (caller !== null) {
              const left = (byCaller.get(caller) ?? 1) - 1;
              if (left === 0) byCaller.delete(caller);
              else byCaller.set(caller, left);
            }
            for (const topic of topics) {
              const set = hearers.get(topic);
              set?.delete(hearer);
              if (set?.size === 0) hearers.delete(topic);
              if (topic.startsWith('account ')) accountHearers -= 1;
            }
          };
        },
      };
    },
    open: () => all.size,
    async close() {
      clearInterval(awake);
      clearTimeout(gathering);
      for (const end of all.values()) end();
      await listener?.close();
    },
  };
}

function pieceOf(event: string, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${toJson(data)}\n\n`;
}
