/** What the market says to a task before anybody signs: the order that would carry it, and where it could run. */
import { reachOf } from '../../domain/links/reach.ts';
import type { LinkTable } from '../../domain/links/table.ts';
import type { MatchNode, MissReason, NoNode } from '../../domain/match/matcher.ts';
import type { Scope } from '../../domain/match/scope.ts';
import { classId } from '../../domain/names.ts';
import { KIND_VARIABLE, type TaskKind } from '../../domain/tasks/kind.ts';
import { parseTask, termsOf, type TaskTerms } from '../../domain/tasks/task.ts';
import type { OnOffer } from '../../domain/on-offer.ts';
import type { Database } from '../../prisma/client.ts';
import type { MarketNodes } from './market-nodes.ts';
import { noteOf, type Names, type Note } from './no-supply.ts';
import type { OpenAsk } from './open-asks.ts';

export interface TaskAnswer {
  kind: TaskKind;
  /** Fields of the order to sign; nonce, expiry and workload are the consumer's, and the price where the task names none. */
  terms: TaskTerms;
  /** What the workload's environment should hold, so that the market counts the task as what it is. */
  environment: Record<string, TaskKind>;
  /** Every region with a node of a class that would do. */
  regions: {
    region: string;
    feasible: boolean;
    /** TOO_SLOW: the data come too late; TOO_FAR: their round trip is too long; OTHER_PLACE: the task excludes it; NO_CARDS: no node is so large */
    why: string | null;
    /** Moving the data: seconds, base units, and the link that says so. */
    seconds: bigint;
    cost: bigint;
    source: string;
  }[];
  /** The nearest nodes that would do at this moment (002, Eq. 5 and 6), the best first. */
  nodes: (NodeView & { scope: Scope })[];
  /** Why there is none of them: the filter that left nothing, nodes left after each, and the node that misses the least. */
  none: (Omit<NoNode, 'miss'> & { miss: (NodeView & { fails: MissReason[] }) | null }) | null;
  /** Why nothing that the auction has on offer would serve its order at its `maxPrice`; null when something would, or it names no price. */
  note: Note | null;
}

/** What the market is asked. */
export interface TaskMarket {
  db: Database;
  links: LinkTable;
  marketNodes: MarketNodes;
  /** What the slot now open has on offer. */
  onOffer: (now: bigint) => Promise<OnOffer<OpenAsk>>;
}

interface NodeView {
  node: string;
  provider: string;
  className: string;
  region: string;
  cardsLeft: number;
  /** Of its state from the task's wish. */
  distance: number;
}

/** @throws Refusal on a task that is none, or that no node can ever hold */
export async function taskAnswer(
  { db, links, marketNodes, onOffer }: TaskMarket,
  now: bigint,
  input: unknown,
): Promise<TaskAnswer> {
  const task = parseTask(input);
  const { classes, cards, seconds, networkMbps } = task.resources;
  const rows = await db.node.groupBy({
    by: ['region'],
    _max: { cards: true },
    orderBy: { region: 'asc' },
    ...(classes.length === 0 ? {} : { where: { resourceClass: { in: classes.map(classId) } } }),
  });
  const wish = {
    from: task.data?.region ?? null,
    gigabytes: task.data?.gigabytes ?? 0,
    mbps: networkMbps,
    within: seconds,
    maxRttMs: task.data === undefined ? 0 : task.maxRttMs,
  };
  const reach = reachOf(
    wish,
    rows.map(({ region }) => region),
    links,
  );
  const terms = termsOf(task, now);
  const reached = reach.filter(({ region, why }) => why === null && (task.place.region ?? region) === region);
  const matcher = await marketNodes(now);
  const { nodes, none } = matcher.match({
    wish: { compute: terms.taskCompute, network: terms.taskNetwork, storage: terms.taskStorage },
    classes,
    regions: reached.map(({ region }) => region),
    cards,
    ...task.compliance,
    origin: {
      ...(task.data === undefined ? {} : { region: task.data.region }),
      ...(task.place.provider === undefined ? {} : { provider: task.place.provider }),
    },
  });
  const most = new Map(rows.map((row) => [row.region, row._max.cards ?? 0]));
  return {
    kind: task.kind,
    terms,
    environment: { [KIND_VARIABLE]: task.kind },
    regions: reach.map(({ region, link, seconds: moveSeconds, cost, why }) => {
      const elsewhere = task.place.region !== undefined && task.place.region !== region;
      const tooSmall = (most.get(region) ?? 0) < cards;
      const reason = elsewhere ? 'OTHER_PLACE' : tooSmall ? 'NO_CARDS' : why;
      return {
        region,
        feasible: reason === null,
        why: reason,
        seconds: moveSeconds,
        cost,
        source: link.source,
      };
    }),
    nodes: nodes.map((found) => ({ ...viewOf(found), scope: found.scope })),
    none: none && { ...none, miss: none.miss && { ...viewOf(none.miss), fails: none.miss.fails } },
    note: terms.startPrice === undefined ? null : priceNote(await onOffer(now), terms, terms.startPrice),
  };
}

/** The slot's own filters, price among them, on an order of these terms. */
function priceNote(
  onOffer: OnOffer<OpenAsk>,
  { classes, ...terms }: TaskTerms,
  startPrice: bigint,
): Note | null {
  const wanted = { order: { ...terms, startPrice }, classes };
  const none = onOffer.whyNone(wanted);
  return none && noteOf(none, wanted, onOffer.asks, namesOf(onOffer.asks));
}

function namesOf(asks: readonly OpenAsk[]): Names {
  return {
    classes: new Map(asks.map(({ resourceClass, className }) => [resourceClass, className])),
    regions: new Map(asks.map(({ region, regionName }) => [region, regionName])),
  };
}

function viewOf({ node, distance }: { node: MatchNode; distance: number }): NodeView {
  const { id, provider, className, region, cardsLeft } = node;
  return { node: id, provider, className, region, cardsLeft, distance };
}
