/** The market's nodes as the matching engine sees them: states, free cards, entropies, reputations at this moment. */
import { entropyMicroBits, hourBin, HOURS } from '../../domain/entropy.ts';
import { binsOf, hourlyUse, type HeldCards } from '../../domain/history.ts';
import { Matcher, type MatchNode } from '../../domain/match/matcher.ts';
import { entropyAfter, type NodeEntropy } from '../../domain/match/score.ts';
import { nearest } from '../../domain/match/scores/nearest.ts';
import { SHORTLIST_WIDTH } from '../../domain/parameters.ts';
import { scoreAt } from '../../domain/reputation.ts';
import { nodeResources } from '../../domain/vectors.ts';
import type { Database } from '../../prisma/client.ts';
import { outcomesOf } from './outcomes.ts';

/** Milliseconds for which a picture of the market is used again: what it says is advice, the slot decides. */
const FRESH_MS = 1_000;
const DAY = 86_400n;

/** The matcher over all nodes that could take a lease at `now` (chain time, unix seconds). */
export type MarketNodes = (now: bigint) => Promise<Matcher>;

/** @param minProviderStake prior of a reputation, base units */
export function createMarketNodes(db: Database, minProviderStake: bigint): MarketNodes {
  let last: { now: bigint; at: number; read: Promise<Matcher> } | null = null;
  return (now) => {
    const at = Date.now();
    if (last?.now !== now || at - last.at > FRESH_MS) {
      // As many as a slot's shortlist has, in its order: what an order would meet.
      const read = readNodes(db, now, minProviderStake).then(
        (nodes) => new Matcher(nodes, nearest, SHORTLIST_WIDTH),
      );
      last = { now, at, read };
      read.catch(() => (last = null));
    }
    return last.read;
  };
}

async function readNodes(db: Database, now: bigint, prior: bigint): Promise<MatchNode[]> {
  const [rows, leases] = await Promise.all([
    db.node.findMany({
      where: { clusteredUntil: { lt: now }, owner: { exitAt: null } },
      include: { owner: true },
    }),
    // Those of the day that the entropy looks at, and the hour that has begun.
    db.lease.findMany({
      where: { end: { gt: now - DAY - 3_600n } },
      select: { node: true, start: true, end: true, cards: true },
    }),
  ]);
  const leasesOf = Map.groupBy(leases, ({ node }) => node);
  return rows.map(({ owner, ...node }): MatchNode => {
    const own: readonly HeldCards[] = leasesOf.get(node.id) ?? [];
    const leased = own.reduce((sum, { end, cards }) => (end > now ? sum + cards : sum), 0);
    const cardsLeft = Math.max(0, node.cards - leased);
    return {
      id: node.id,
      provider: node.provider,
      className: node.className,
      region: node.region,
      cards: node.cards,
      cardsLeft,
      state: nodeResources(node, cardsLeft),
      entropy: entropyOf(node.cards, own, now),
      reputation: scoreAt(outcomesOf(owner), now, prior),
      tier: node.tier,
    };
  });
}

/** Of its last 24 hours; and once a task has kept all of it busy for an hour. */
function entropyOf(cards: number, leases: readonly HeldCards[], now: bigint): NodeEntropy {
  const used = hourlyUse(leases, now);
  const window = Array.from({ length: HOURS }, (_, hour) => hourBin(used?.[hour] ?? 0, cards * 3_600));
  return {
    entropyMicroBits: entropyMicroBits(binsOf(cards, used)),
    afterMicroBits: entropyAfter(window, 3, 1),
  };
}
