/** A claim at a slot of 16,384 orders and asks: the accused match with its order, its winner and a rival that ranks before it. */
import { encodeAbiParameters, encodeFunctionData, keccak256, type Abi } from 'viem';
import { claimsAbi } from '../../contracts/generated/abi.ts';
import { BALANCE_MICRO_BITS } from '../../domain/entropy.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { bytesToHex, keccakText } from '../../domain/hash.ts';
import { leasesOf } from '../../domain/lease-page.ts';
import {
  askLeaf,
  leaseLeaf,
  matchLeaf,
  orderLeaf,
  type AskLeaf,
  type OrderLeaf,
} from '../../domain/leaves.ts';
import { merkleProof, merkleRoot, merkleTop, TAG } from '../../domain/merkle.ts';
import { pageLeaves, type PageMatch } from '../../domain/page.ts';
import { clock, lastStep } from '../../domain/rea.ts';
import type { SignedAsk } from '../../domain/types.ts';
import { floorOf, type Floor } from './cost.ts';
import type { Committed, Party, World } from './world.ts';

/** Untyped: the proofs are put together from the domain's words. */
const CLAIMS: Abi = claimsAbi;
const LEAVES = 2 ** 14;
const PAGE = 100;
const CONSUMERS = 10;
const DEPOSIT = 10n ** 9n;

/** Two claims of one challenger: the first is its first. */
export async function claim(
  world: World,
): Promise<{ used: { claim: number }; fresh: { claim: number }; floor: { claim: Floor } }> {
  const consumers: Party[] = [];
  for (let i = 0; i < CONSUMERS; i += 1) consumers.push(await world.consumer(`harmed ${i}`));
  const [one, two] = [await world.seller('accused', 1), await world.seller('rival', 1)];
  const sorted = [one.asks[0]!, two.asks[0]!].sort((a, b) =>
    a.ask.reservePrice < b.ask.reservePrice ? -1 : 1,
  );
  const [rival, winner] = sorted as [SignedAsk, SignedAsk];
  const challenger = await world.newcomer('challenger');
  await world.call(challenger, 'vault', 'deposit', DEPOSIT);
  const asks = [
    askLeafOf(world, rival, BALANCE_MICRO_BITS),
    askLeafOf(world, winner, BALANCE_MICRO_BITS + 1),
  ];
  const askLeaves = [...asks, ...others(LEAVES - asks.length)].map(askLeaf);
  const accuse = async () => {
    let orders: OrderLeaf[] = [];
    const committed = await world.commit(PAGE, consumers, [winner], (matches) => {
      orders = arrange(world, matches);
      return {
        ordersRoot: merkleRoot(TAG.orders, orders.map(orderLeaf)),
        asksRoot: merkleRoot(TAG.asks, askLeaves),
        orderCount: orders.length,
        askCount: askLeaves.length,
      };
    });
    const proofs = [rival, winner].map(({ ask }, index) => ({
      ...{ index, ask, ...asks[index]!, storage_: asks[index]!.storage },
      proof: merkleProof(TAG.asks, askLeaves, index),
    }));
    const args = [
      keccakText(`salt ${committed.head.slot}`),
      caseOf(world, committed, orders),
      proofs[1],
      proofs[0],
      0,
    ];
    const call = encodeFunctionData({ abi: CLAIMS, functionName: 'claimWrongWinner', args });
    const secret = encodeAbiParameters([{ type: 'address' }, { type: 'bytes' }], [challenger.address, call]);
    await world.call(challenger, 'claims', 'announce', keccak256(secret));
    return world.call(challenger, 'claims', 'claimWrongWinner', ...args);
  };
  const first = await accuse();
  const second = await accuse();
  return {
    used: { claim: second.gas },
    fresh: { claim: first.gas },
    floor: { claim: await floorOf(world.chain, second, 0) },
  };
}

/** The accused match is the page's first: the ask that ranks first is on its shortlist, and did not win. */
function arrange(world: World, matches: PageMatch[]): OrderLeaf[] {
  const { order, ask, leaf } = matches[0]!;
  const steps = clock(world.deployment.parameters.gammaWad);
  const step = lastStep(order.order.startPrice, steps, ask.ask.reservePrice);
  matches[0] = {
    order,
    ask,
    leaf: { winner: 1, runnerUp: 0, step, shortlist: [0, 1, ...leaf.shortlist.slice(2)] },
  };
  const matched = matches.map((match, index): OrderLeaf => {
    return { id: orderId(world.domain, match.order.order), code: 0, position: index + 1 };
  });
  const rest = Array.from({ length: LEAVES - matched.length }, (_, index): OrderLeaf => {
    return { id: keccakText(`order ${index}`), code: 0, position: 0 };
  });
  return [...matched, ...rest];
}

/** `Case` of contracts/types/Claim.sol, of the page's first match. */
function caseOf(world: World, { head, leases, matches }: Committed, orders: readonly OrderLeaf[]) {
  const { order, classes } = matches[0]!.order;
  const leaves = pageLeaves(world.domain, head.gammaWad, matches, []);
  const terms = leasesOf(leases).map(leaseLeaf);
  const leaf = leaves[0]!;
  const shortlist = leaf.shortlist.map((index) => index.toString(16).padStart(8, '0')).join('');
  const cleared = {
    ...leaf,
    ...{ pageId: leases.id, page: 0, index: 0, count: matches.length, start: leases.start },
    leaseTop: bytesToHex(merkleTop(TAG.leases, terms)),
    shortlist: `0x${shortlist}`,
    proof: merkleProof(TAG.matches, leaves.map(matchLeaf), 0),
  };
  const proof = merkleProof(TAG.orders, orders.map(orderLeaf), 0);
  return { header: head, cleared, order: { ...orders[0]!, index: 0, order, classes, proof } };
}

function askLeafOf(world: World, { ask }: SignedAsk, entropyMicroBits: number): AskLeaf {
  const state = { code: 0, compute: 5_000, network: 4_000, storage: 3_000, entropyMicroBits };
  return { id: askId(world.domain, ask), left: 30_000, idle: 30_000, reputation: 5_000, tier: 0, ...state };
}

function others(count: number): AskLeaf[] {
  const state = { left: 8, idle: 8, code: 0, compute: 1, network: 1, storage: 1, entropyMicroBits: 1 };
  return Array.from({ length: count }, (_, index) => ({
    ...{ id: keccakText(`ask ${index}`), ...state },
    ...{ reputation: 5_000, tier: 0 },
  }));
}
