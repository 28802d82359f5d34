import { clusterAccount, clusterId, membersHash } from '../../domain/clusters.ts';
import { consentId, orderId, outageDigest, quoteDigest } from '../../domain/eip712.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import type { Consent, Hex, Order } from '../../domain/types.ts';
import { account, type TestChain } from '../support/chain.ts';
import { marketOf, refOf } from '../support/leases.ts';
import { BIDDER, BUYER, CLASS, LEAVER, orderOf, PROVIDER, REGION, SCHEDULER, type Actors } from './actors.ts';
import type { Deployment } from '../../contracts/deployment.ts';

const ADMIN = 0;
export const MONITORS = [5, 8, 9].sort((a, b) => (account(a).address < account(b).address ? -1 : 1));

/** A market day in which every event of the contracts happens. Returns the account of the cluster that traded. */
export async function tradeOneDay(chain: TestChain, deployment: Deployment, actors: Actors): Promise<Hex> {
  const { send, now } = actors;
  const node = await actors.register(PROVIDER, 'a', 8);
  const other = await actors.register(LEAVER, 'b', 2);
  await send(PROVIDER, 'registry', 'addStake', [50_000_000n]);
  await send(PROVIDER, 'registry', 'setMetadata', ['{"name":"renamed"}']);
  await send(PROVIDER, 'registry', 'setPayout', [account(PROVIDER).address]);
  await send(PROVIDER, 'registry', 'updateNode', [node, 'gpu/more', 9, 100_000, 20_000]);
  await send(ADMIN, 'registry', 'attest', [node, 2, ZERO_HASH]);
  await actors.deposit(BUYER, 500_000_000n);
  await actors.deposit(BIDDER, 500_000_000n);
  await send(BUYER, 'vault', 'setCaps', [400_000_000n, 100_000_000n]);
  await send(BUYER, 'vault', 'withdraw', [1_000_000n]);
  await send(BIDDER, 'vault', 'fundBidding', [400_000_000n]);
  await actors.buy(BUYER, PROVIDER, node, 2, 100n);
  await send(BIDDER, 'vault', 'requestUnbid', [399_900_000n]);
  await send(BIDDER, 'auction', 'approveOrder', [orderOf(5n, 700n)]);
  await actors.clearSlot(await actors.askOf(node, 200n), 200n);
  await actors.buy(BUYER, PROVIDER, node, 2, 101n);
  await actors.sendRef(BUYER, 'close', 1n << 8n);
  await actors.sendRef(PROVIDER, 'leaveNow', 3n << 8n);
  await send(BIDDER, 'auction', 'cancelOrders', [[900n, 901n]]);
  await send(PROVIDER, 'auction', 'cancelAsks', [[902n]]);
  await send(PROVIDER, 'market', 'cancelListings', [[903n]]);
  await chain.mine((await now()) + 700n);
  await actors.sendRef(BUYER, 'settle', 1n << 8n);
  await actors.sendRef(BUYER, 'settle', 3n << 8n);
  await actors.settlePage(BIDDER, 2n);
  await send(BIDDER, 'vault', 'finishUnbid', []);
  await send(BIDDER, 'vault', 'collectFees', []);
  await challenge(chain, deployment, actors);
  const cluster = await tradeAsOne(chain, actors, node, other);
  await watch(chain, deployment, actors, node);
  await quote(chain, actors, node);
  await prolong(chain, deployment, actors, node);
  await send(PROVIDER, 'registry', 'rotateSigner', [ZERO_HASH.slice(0, 40) + '01']);
  await send(PROVIDER, 'registry', 'raiseEpoch', [node]);
  await send(LEAVER, 'registry', 'startUnbonding', []);
  await chain.mine((await now()) + 700n);
  await send(LEAVER, 'registry', 'exit', []);
  await send(MONITORS[2]!, 'monitors', 'takeBond', []);
  return cluster;
}

/** Somebody demands what a slot was made of, in vain; a part of the bond comes back. */
async function challenge(chain: TestChain, deployment: Deployment, actors: Actors): Promise<void> {
  const { send, now } = actors;
  const [slot] = (await marketOf(chain.rpcUrl, deployment)).slots.values();
  await send(BUYER, 'receipts', 'announce', [ZERO_HASH]);
  await send(BUYER, 'receipts', 'demand', [slot!.header, 1, 0]);
  await chain.mine((await now()) + 61n);
  const verdict = {
    // WITHHELD
    wrong: 8,
    slot: slot!.header.slot,
    order: `0x${(1n << 32n).toString(16).padStart(64, '0')}`,
    askId: ZERO_HASH,
    node: ZERO_HASH,
    orderKey: 0n,
    left: 0,
    idle: 0,
    want: 0,
    challenger: account(BUYER).address,
    harmed: `0x${'0'.repeat(40)}`,
    restitution: 0n,
  };
  await send(BIDDER, 'bond', 'conclude', [verdict]);
  await send(SCHEDULER, 'bond', 'requestBond', [1_000_000n]);
  await chain.mine((await now()) + 7_400n);
  await send(SCHEDULER, 'bond', 'returnBond', []);
}

/** Two nodes form a cluster, which wins a slot and shares what it earned. */
async function tradeAsOne(chain: TestChain, actors: Actors, node: Hex, other: Hex): Promise<Hex> {
  const { send, now, domain } = actors;
  await send(PROVIDER, 'clusters', 'cancelConsents', [[77n]]);
  await send(BIDDER, 'vault', 'fundBidding', [100_000_000n]);
  const from = (await now()) + 10n;
  const members = [
    { by: PROVIDER, node, power: 300n },
    { by: LEAVER, node: other, power: 100n },
  ].sort((a, b) => (a.node < b.node ? -1 : 1));
  const consents = members.map(({ by, node: id, power }): Consent => ({
    provider: account(by).address,
    node: id,
    members: membersHash(members),
    cards: 2,
    power,
    reservePrice: 1_000_000n,
    validFrom: from,
    validUntil: from + 100n,
    nonce: 78n,
  }));
  const ids = consents.map((consent) => consentId(domain, consent));
  const signatures = await Promise.all(members.map(({ by }, index) => actors.sign(by, ids[index]!)));
  await send(BIDDER, 'clusters', 'form', [classId(CLASS), regionId(REGION), consents, signatures]);
  const supply = clusterId(ids);
  const ask = {
    provider: clusterAccount(supply),
    supply,
    supplyKind: 2,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    cards: 2,
    reservePrice: 1_000_000n,
    validFrom: from,
    validUntil: from + 100n,
    nonce: 0n,
  };
  await chain.mine(from);
  await actors.clearSlot({ ask, signature: '0x' }, 300n);
  await chain.mine((await now()) + 700n);
  await actors.settlePage(BIDDER, 4n);
  await send(BIDDER, 'clusters', 'distribute', [supply]);
  return ask.provider;
}

/** Two firm quotes: one is procured below its price, one is not and comes back. */
async function quote(chain: TestChain, actors: Actors, node: Hex): Promise<void> {
  const { send, now, domain } = actors;
  await actors.deposit(BIDDER, 100_000_000n);
  const take = async (nonce: bigint): Promise<Order> => {
    const until = (await now()) + 500n;
    const order = { ...orderOf(3_000_000n, nonce), validUntil: until };
    const id = orderId(domain, order);
    const signature = await actors.sign(SCHEDULER, quoteDigest(domain, { orderId: id, validUntil: until }));
    await send(BIDDER, 'market', 'takeQuote', [order, until, signature]);
    return order;
  };
  const procured = await take(800n);
  const left = await take(801n);
  await actors.clearSlot(await actors.askOf(node, 202n), 802n, procured);
  await chain.mine((await now()) + 600n);
  await send(BUYER, 'market', 'refundQuote', [orderId(domain, left)]);
}

/** An open-ended lease is prolonged by somebody else. */
async function prolong(chain: TestChain, deployment: Deployment, actors: Actors, node: Hex): Promise<void> {
  const { send, now } = actors;
  const sourceId = await actors.buy(BUYER, PROVIDER, node, 2, 103n);
  const { leases } = await marketOf(chain.rpcUrl, deployment);
  const bought = [...leases.values()].find((lease) => lease.sourceId === sourceId);
  const ref = await refOf(chain.rpcUrl, deployment, bought!.id);
  const renewal = {
    node,
    resourceClass: classId(CLASS),
    maxRate: 2_000_000n,
    until: (await now()) + 10_000n,
  };
  await send(BUYER, 'market', 'allowRenewal', [ref, renewal]);
  const { listing, signature } = await actors.listingOf(PROVIDER, node, 2, 104n);
  await send(BIDDER, 'market', 'renew', [ref, listing, signature]);
}

/** Monitors bond, say that a lease did not run, one is slashed and one leaves. */
async function watch(chain: TestChain, deployment: Deployment, actors: Actors, node: Hex): Promise<void> {
  const { send, now, domain } = actors;
  for (const monitor of MONITORS) {
    await actors.deposit(monitor, 1_000_000_000n);
    await send(monitor, 'monitors', 'bond', [1_000_000_000n]);
  }
  await send(PROVIDER, 'registry', 'announceMaintenance', [
    node,
    (await now()) + 4_000n,
    (await now()) + 4_100n,
  ]);
  await actors.buy(BUYER, PROVIDER, node, 2, 102n);
  const leaseId = 5n << 8n;
  const ref = await refOf(chain.rpcUrl, deployment, leaseId);
  const from = ref.start;
  await chain.mine(from + 3n);
  const outage = { leaseId, node, from, to: from + 3n };
  const words = await Promise.all(
    MONITORS.slice(0, 2).map((monitor) => actors.sign(monitor, outageDigest(domain, outage))),
  );
  await send(BIDDER, 'leaseBook', 'attestOutage', [ref, node, outage.from, outage.to, words]);
  await send(ADMIN, 'monitors', 'slash', [account(MONITORS[0]!).address, 5_000_000n, ZERO_HASH]);
  await send(MONITORS[2]!, 'monitors', 'startLeaving', []);
}
