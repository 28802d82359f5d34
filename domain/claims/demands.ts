/**
 * Demands that are worth their deposit: for a leaf whose item nobody shows, or shows without a signature that binds. A demand is no
 * proof: the scheduler that has the item answers, and keeps the deposit.
 */
import type { SlotEvidence } from '../evidence.ts';
import { bytesToHex, uintBytes } from '../hash.ts';
import { TAG } from '../merkle.ts';
import { isSigned } from '../signing.ts';
import type { Hex, SlotHeader } from '../types.ts';
import { WRONG, type Claim } from './claim.ts';
import type { KnownLeaves } from './commitment.ts';
import { NOTHING_SHOWN } from './receipts.ts';

export type DemandTree = typeof TAG.orders | typeof TAG.asks;

/** Most demands that are proposed of one slot: each costs a deposit. */
const MOST = 4;

export function demand(header: SlotHeader, tree: DemandTree, index: number, why: string): Claim {
  const order = bytesToHex(uintBytes((BigInt(tree) << 32n) | BigInt(index), 32));
  return {
    ...{ judge: 'receipts', name: 'demand', args: [header, tree, index], announced: false, waits: true },
    verdict: { ...NOTHING_SHOWN, wrong: WRONG.WITHHELD, slot: header.slot, order },
    sentence: `${why} The scheduler must show leaf ${index} of the slot's ${tree === TAG.orders ? 'orders' : 'asks'}, or pays.`,
  };
}

/** The first few, forged items before withheld ones. */
export function demandsOf(evidence: SlotEvidence, leaves: KnownLeaves): Claim[] {
  if (!evidence.committed) return [];
  const { header } = evidence.committed;
  const all = [
    ...forged(evidence, header, leaves),
    ...withheld(evidence, header, leaves),
    ...untraced(header, leaves),
  ];
  const seen = new Set<Hex>();
  return all.filter(({ verdict }) => !seen.has(verdict!.order) && seen.add(verdict!.order)).slice(0, MOST);
}

/** Leaves that say "eligible" of an item whose published signature does not bind its sender. */
function forged(evidence: SlotEvidence, header: SlotHeader, leaves: KnownLeaves): Claim[] {
  const { orders, asks, stateAtClose, stateNow } = evidence;
  const demands: Claim[] = [];
  const order = new Map(orders.map((item) => [item.id, item]));
  for (const [index, { id, code }] of (leaves.orders ?? []).entries()) {
    const item = order.get(id);
    if (code !== 0 || !item || !stateAtClose || isSigned(item, stateAtClose)) continue;
    // The scheduler may show an approval that came later.
    if (stateNow?.approved.has(id)) continue;
    const why = `The leaf of order ${id} says "eligible", and its consumer did not sign it.`;
    demands.push(demand(header, TAG.orders, index, why));
  }
  const ask = new Map(asks.map((item) => [item.id, item]));
  for (const [index, { id, code }] of (leaves.asks ?? []).entries()) {
    const item = ask.get(id);
    const key = item && stateAtClose?.providers.get(item.signed.ask.provider)?.signer;
    if (code !== 0 || !item || item.signed.ask.supplyKind !== 0 || item.signer === key) continue;
    const why = `The leaf of ask ${id} says "eligible", and its provider's key did not sign it.`;
    demands.push(demand(header, TAG.asks, index, why));
  }
  return demands;
}

/** Items that the header counts and nobody published: the first such leaf where the leaves are known, else any. */
function withheld({ orders, asks }: SlotEvidence, header: SlotHeader, leaves: KnownLeaves): Claim[] {
  return [
    ...missing(header, TAG.orders, header.orderCount, leaves.orders, orders),
    ...missing(header, TAG.asks, header.askCount, leaves.asks, asks),
  ];
}

function missing(
  header: SlotHeader,
  tree: DemandTree,
  count: number,
  leaves: readonly { id: Hex }[] | null,
  published: readonly { id: Hex }[],
): Claim[] {
  const have = new Set(published.map(({ id }) => id));
  const index = leaves ? leaves.findIndex(({ id }) => !have.has(id)) : have.size < count ? 0 : -1;
  if (index < 0) return [];
  const things = tree === TAG.orders ? 'orders' : 'asks';
  return [
    demand(header, tree, index, `Not all of the ${count} ${things} that the header counts are published.`),
  ];
}

/** Roots over leaves that nobody published: any leaf that is shown on-chain comes with its way to the root. */
function untraced(header: SlotHeader, leaves: KnownLeaves): Claim[] {
  const trees = [
    [TAG.orders, 'orders', leaves.orders, header.orderCount],
    [TAG.asks, 'asks', leaves.asks, header.askCount],
  ] as const;
  return trees.flatMap(([tree, name, known, count]) =>
    known || count === 0
      ? []
      : [
          demand(
            header,
            tree,
            0,
            `The root of the slot's ${name} is not the replay's, and its leaves are not published.`,
          ),
        ],
  );
}
