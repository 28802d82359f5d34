/** Resolution of identifiers (document 000, IV.A): validate, decode, describe, and join the node's live status. */
import { cpiOfSegments, parseCpi, type CpiError, type ParsedCpi } from '../../../domain/cpi.ts';
import { describeCpi } from '../../../domain/cpi/describe.ts';
import type { Dictionary } from '../../../domain/dictionary.ts';
import { Refusal } from '../../../domain/refusal.ts';
import type { Database } from '../../../prisma/client.ts';
import type { CpiView } from '../../cpi-views.ts';
import { notFound } from '../unknown.ts';
import { createStatusCache } from './cache.ts';
import { loadDictionary } from './dictionary.ts';
import { readStatuses, type NodeStatus } from './status.ts';

export interface Resolver {
  /**
   * @param id an identifier, or a node's id (0x and 64 hex digits)
   * @throws Refusal MALFORMED with field, position and reason; NOT_FOUND for the id of no node
   */
  resolve(id: string): Promise<CpiView>;
  /** The same for many: each by itself resolved or refused. */
  resolveAll(ids: readonly string[]): Promise<(CpiView | Refusal)[]>;
  counts(): { hits: number; misses: number };
  close(): Promise<void>;
}

export interface ResolverOptions {
  db: Database;
  databaseUrl: string;
  /** Least stake of a provider, base units. */
  minProviderStake: bigint;
  /** Statuses kept in memory. */
  capacity?: number;
}

/** About 100 MB: a status and its description take 2 KB. */
const CAPACITY = 50_000;

type Asked = { node: string; text: string | null; parsed: ParsedCpi | null };

export function createResolver(options: ResolverOptions): Resolver {
  const { db, databaseUrl, minProviderStake, capacity = CAPACITY } = options;
  const cache = createStatusCache({
    databaseUrl,
    capacity,
    read: (nodes) => readStatuses(db, nodes, minProviderStake),
  });

  const resolveAll = async (ids: readonly string[]): Promise<(CpiView | Refusal)[]> => {
    const dictionary = await loadDictionary();
    const asked = ids.map(askedOf);
    const nodes = new Set(asked.flatMap((item) => (item instanceof Refusal ? [] : item.node)));
    const entries = await cache.get([...nodes]);
    return asked.map((item) => {
      if (item instanceof Refusal) return item;
      const entry = entries.get(item.node);
      const status = entry?.answer?.status ?? null;
      if (status === null || entry === undefined) {
        if (item.parsed === null || item.text === null)
          return notFound(
            `Node ${item.node}`,
            'Ask with its identifier, or wait until its block is indexed.',
          );
        return { ...viewOf(item.text, item.parsed, dictionary), status: null, problem: null };
      }
      const registered = registeredView(entry, status, dictionary);
      if (item.text === null || item.text === registered.identifier) return registered;
      // X and Z are those of the node, Y or S are not what stands on-chain.
      const view = {
        ...viewOf(item.text, item.parsed!, dictionary),
        status: registered.status,
        problem: null,
      };
      return { ...view, current: registered.identifier };
    });
  };

  return {
    resolveAll,
    async resolve(id) {
      const [answer] = await resolveAll([id]);
      if (answer === undefined || answer instanceof Refusal) throw answer ?? notFound(id, 'Ask again.');
      return answer;
    },
    counts: () => cache.counts(),
    close: () => cache.close(),
  };
}

function askedOf(id: string): Asked | Refusal {
  if (/^0x[0-9a-fA-F]{64}$/.test(id)) return { node: id.toLowerCase(), text: null, parsed: null };
  const parsed = parseCpi(id);
  return 'reason' in parsed ? malformed(parsed) : { node: parsed.node, text: id, parsed };
}

export function malformed({ position, field, reason }: CpiError): Refusal {
  return new Refusal(
    'MALFORMED',
    `The identifier is wrong at character ${position + 1}, ${field}: ${reason}.`,
    'Correct it there (docs/cpi.md has the grammar); nothing of it was taken.',
  );
}

/** A registered node's view, made once for a status. */
function registeredView(entry: { made?: unknown }, status: NodeStatus, dictionary: Dictionary): CpiView {
  if (entry.made !== undefined) return entry.made as CpiView;
  const { x, y, z, ...live } = status;
  const text = cpiOfSegments(x, y, z);
  const parsed = parseCpi(text);
  const view: CpiView =
    'reason' in parsed || parsed.node !== status.node
      ? {
          identifier: null,
          current: null,
          node: status.node,
          fields: [],
          extensions: [],
          flags: [],
          gflops: null,
          grade: null,
          status: live,
          problem: `Its segments as registered make no identifier${'reason' in parsed ? `: ${parsed.field}, ${parsed.reason}` : ''}.`,
        }
      : { ...viewOf(text, parsed, dictionary), status: live, problem: null };
  entry.made = view;
  return view;
}

function viewOf(text: string, parsed: ParsedCpi, dictionary: Dictionary) {
  return { identifier: text, current: text, node: parsed.node, ...describeCpi(parsed, dictionary) };
}
