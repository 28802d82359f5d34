import { describe, expect, test } from 'vitest';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { keccak, keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { leaseId } from '../../domain/lease-page.ts';
import { askLeaf, orderLeaf } from '../../domain/leaves.ts';
import { merkleRoot, TAG } from '../../domain/merkle.ts';
import { withLateMatches } from '../../domain/market-fold.ts';
import { decodePage, decodeRecords, encodePage, pageLeaves } from '../../domain/page.ts';
import { stateOf, verifySlot } from '../../domain/verify.ts';
import { signatureFault } from '../../domain/signature-form.ts';
import { failing, heldBy, rehash, rewrite, setup, signedFor, skip, type Tampered } from './tamper.ts';
import { QUOTED, signingOf, type Signing } from '../../domain/signing.ts';
import type { Hex } from '../../domain/types.ts';
import { address, clear, DOMAIN, FIRST_PAGE, honestEvidence, randomWorld } from './world.ts';
import { packMatches } from './pack-matches.ts';

const FIRST_LEASE = leaseId(FIRST_PAGE, 0);
const ALL_RULES = [
  'header-block',
  'deadline',
  'gamma',
  'inputs-hash',
  'items',
  'receipts',
  'clusters',
  'signatures',
  'orders-root',
  'asks-root',
  'clearing',
  'pages',
  'fills',
  'settlement',
];

describe('an honest slot', () => {
  test.each([1, 2, 3, 4, 5, 6])('passes every rule, market %i', (seed) => {
    const results = verifySlot(
      honestEvidence(randomWorld({ seed, nodes: 25, providers: 12, orders: 9, leases: 12 })),
    );
    expect(results.filter((result) => !result.ok)).toEqual([]);
    expect(results.map((result) => result.rule)).toEqual(ALL_RULES);
  });

  test('passes with the receipts that its parties hold', () => {
    const { evidence } = setup();
    evidence.held = [heldBy(evidence)];
    expect(failing(evidence)).toEqual([]);
  });

  test('passes without a match, and without published leaves', () => {
    const world = randomWorld({ seed: 1, nodes: 3, providers: 2, orders: 0 });
    const { leaves: _, ...evidence } = honestEvidence(world);
    expect(failing(evidence)).toEqual([]);
  });

  test('passes while its leases still run', () => {
    const { evidence } = setup();
    for (const { leaseId: id } of evidence.stateNow!.slots.get(evidence.slot)!.fills) {
      const lease = evidence.stateNow!.leases.get(id)!;
      Object.assign(lease, { paid: 0n, fee: 0n, refunded: 0n, settled: false, settledUntil: lease.start });
    }
    expect(failing(evidence)).toEqual([]);
  });

  test('reads the matches of a page from its transaction', () => {
    const { world, evidence } = setup();
    const { matches } = clear(world);
    const { accounts, records } = packMatches(matches);
    const sent = decodePage(encodePage(matches));
    const published = pageLeaves(DOMAIN, world.parameters.gammaWad, sent, decodeRecords(accounts, records));
    expect(published).toEqual(evidence.pages.flatMap((page) => page.matches!));
  });
});

describe('a fraud is named', () => {
  fraud('a closing block after the end', 'header-block', 'the slot ended at', ({ evidence }) => {
    evidence.closing!.timestamp += 5n;
  });
  fraud('a closing block too early', 'header-block', "still precedes the slot's end", ({ evidence }) => {
    evidence.next!.timestamp -= 2n;
  });
  fraud('a seed of its own', 'header-block', 'has hash', ({ evidence, header }) => {
    header.seed = keccakText('my lucky number');
    evidence.next!.hash = keccakText('chance');
  });
  fraud('a header of another slot', 'header-block', 'the header is of slot', ({ header }) => {
    header.slot += 1n;
  });
  fraud('a header after the deadline', 'deadline', 'the deadline was', ({ evidence }) => {
    evidence.committed!.block.timestamp += 60n;
  });
  fraud('another clock', 'gamma', 'the deployment', ({ header }) => {
    header.gammaWad += 1n;
  });
  fraud('other inputs than announced', 'inputs-hash', 'the header has', ({ header }) => {
    header.inputsHash = ZERO_HASH;
  });
  fraud('a manifest of another slot', 'inputs-hash', 'the manifest is of slot', ({ evidence, header }) => {
    rewrite({ evidence, header }, (manifest) => ({ ...manifest, slot: manifest.slot + 1n }));
  });
  fraud('a manifest for another chain', 'inputs-hash', 'for chain 1 and', (tampered) => {
    rewrite(tampered, (manifest) => signedFor({ ...manifest.domain, chainId: 1 }, manifest));
  });
  fraud('a manifest for another contract', 'items', 'another chain or contract', (tampered) => {
    const domain = { ...DOMAIN, auction: address('another market') };
    rewrite(tampered, (manifest) => signedFor(domain, manifest));
  });
  fraud('an unreadable manifest', 'inputs-hash', "can't be read", ({ evidence, header }) => {
    evidence.manifest = Uint8Array.of(1, 2, 3);
    header.inputsHash = keccak(evidence.manifest);
  });
  fraud('a receipted order that the manifest drops', 'items', 'is not in the manifest', (tampered) => {
    rewrite(tampered, ({ receipts, ...manifest }) => {
      const [dropped, ...orders] = manifest.orders;
      const items = receipts.items.filter((id) => id !== dropped!.id);
      return { ...manifest, orders, receipts: { ...receipts, items } };
    });
  });
  fraud('a published order under another signature', 'items', 'has signature 0xff', ({ evidence }) => {
    const [first, ...rest] = evidence.orders;
    evidence.orders = [{ ...first!, signed: { ...first!.signed, signature: '0xff' } }, ...rest];
  });
  fraud('an order of other classes', 'items', 'has classes', ({ evidence }) => {
    const [first, ...rest] = evidence.orders;
    evidence.orders = [{ ...first!, signed: { ...first!.signed, classes: [ZERO_HASH] } }, ...rest];
  });
  fraud('receipts that another key signed', 'receipts', 'is signed by', ({ evidence }) => {
    evidence.receiptSigner = address('somebody');
  });
  fraud('receipts that nobody signed', 'receipts', 'is not signed', ({ evidence }) => {
    evidence.receiptSigner = null;
  });
  fraud('a receipted item that is no input', 'receipts', "not among the slot's inputs", ({ evidence }) => {
    evidence.held = [heldBy(evidence, { item: keccakText('omitted') })];
  });
  fraud('a receipt whose place another item has', 'receipts', 'in its place', ({ evidence }) => {
    evidence.held = [heldBy(evidence, { seq: 3 })];
  });
  fraud('a receipt beyond the end of the chain', 'receipts', 'has nothing in its place', ({ evidence }) => {
    evidence.held = [heldBy(evidence, { seq: 1_000 })];
  });
  fraud('a second head for one receipt', 'receipts', 'is signed with head', ({ evidence }) => {
    evidence.held = [heldBy(evidence, { head: keccakText('the other chain') })];
  });
  fraud('an ask withheld from the auditor', 'items', 'of the manifest is missing', ({ evidence }) => {
    evidence.asks = evidence.asks.slice(1);
  });
  fraud('an order given twice', 'items', 'is given twice', ({ evidence }) => {
    evidence.orders = [...evidence.orders, evidence.orders[0]!];
  });
  fraud('an order with other terms under the old id', 'items', 'is another message', ({ evidence }) => {
    const [first, ...rest] = evidence.orders;
    const { order } = first!.signed;
    const signed = { ...first!.signed, order: { ...order, startPrice: order.startPrice + 1n } };
    evidence.orders = [{ ...first!, signed }, ...rest];
  });
  fraud('an order that nobody signed', 'signatures', 'not signed', ({ evidence }) => {
    const matched = matchedBy(evidence, 'KEY');
    evidence.orders = evidence.orders.map((item) => (item.id === matched ? { ...item, signer: null } : item));
  });
  fraud('an approval that nobody gave', 'signatures', 'had not approved it', ({ evidence }) => {
    const matched = matchedBy(evidence, 'APPROVAL');
    evidence.stateAtClose!.approved.delete(matched);
  });
  fraud('an order at a quote that nobody took', 'signatures', 'held no money', ({ evidence }) => {
    const matched = matchedBy(evidence, 'QUOTE');
    evidence.stateAtClose!.quotes.delete(matched);
  });
  fraud('a bid served as if it were at a quote', 'signatures', 'held no money', ({ evidence }) => {
    const matched = matchedBy(evidence, 'KEY');
    evidence.orders = evidence.orders.map((item) =>
      item.id === matched ? { ...item, signed: { ...item.signed, signature: QUOTED } } : item,
    );
  });
  fraud('a quote refused although its money is held', 'orders-root', 'code is 1', ({ evidence, header }) => {
    const matched = matchedBy(evidence, 'QUOTE');
    evidence.leaves!.orders = evidence.leaves!.orders!.map((leaf) =>
      leaf.id === matched ? { ...leaf, code: 1, position: 0 } : leaf,
    );
    header.ordersRoot = merkleRoot(TAG.orders, evidence.leaves!.orders.map(orderLeaf));
  });
  test('a malformed signature is named by its fault', () => {
    const r = '1'.repeat(64);
    expect(signatureFault('0x12')).toContain('has 1 bytes, not 65');
    expect(signatureFault(`0x${r}${r}01`)).toContain('v is 1, not 27 or 28');
    expect(signatureFault(`0x${r}${'f'.repeat(64)}1b`)).toContain('malleable twin');
    expect(signatureFault(`0x${r}${r}1b`)).toContain('no key');
  });
  fraud('an ask signed by another key', 'signatures', "its provider's key is", ({ evidence }) => {
    const matched = evidence.pages[0]!.matches![0]!.askId;
    evidence.asks = evidence.asks.map((item) =>
      item.id === matched ? { ...item, signer: address('forger') } : item,
    );
  });
  fraud('an eligible order refused', 'orders-root', 'code is 4, it should be 0', ({ evidence, header }) => {
    evidence.leaves!.orders = evidence.leaves!.orders!.map((leaf, i) =>
      i === 1 ? { ...leaf, code: 4 } : leaf,
    );
    header.ordersRoot = merkleRoot(TAG.orders, evidence.leaves!.orders.map(orderLeaf));
  });
  fraud('an order dropped from the tree', 'orders-root', 'the header counts', ({ evidence, header }) => {
    const leaves = evidence.leaves!.orders!.slice(1);
    header.ordersRoot = merkleRoot(TAG.orders, leaves.map(orderLeaf));
    header.orderCount -= 1;
  });
  fraud('an ask dropped from the tree', 'asks-root', 'the header counts', ({ evidence, header }) => {
    const leaves = evidence.leaves!.asks!.slice(1);
    header.asksRoot = merkleRoot(TAG.asks, leaves.map(askLeaf));
    header.askCount -= 1;
  });
  fraud('fewer free cards than there are', 'asks-root', 'idle is', ({ evidence, header }) => {
    evidence.leaves!.asks = evidence.leaves!.asks!.map((leaf, i) =>
      i === 3 ? { ...leaf, idle: leaf.idle + 1 } : leaf,
    );
    header.asksRoot = merkleRoot(TAG.asks, evidence.leaves!.asks.map(askLeaf));
  });
  fraud('a wrong root without leaves to show', 'asks-root', 'the replay', ({ evidence, header }) => {
    delete evidence.leaves;
    header.asksRoot = ZERO_HASH;
  });
  fraud('an embellished state vector', 'asks-root', 'compute is', ({ evidence, header }) => {
    evidence.leaves!.asks = evidence.leaves!.asks!.map((leaf, i) =>
      i === 0 ? { ...leaf, compute: 9_999 } : leaf,
    );
    header.asksRoot = merkleRoot(TAG.asks, evidence.leaves!.asks.map(askLeaf));
  });
  fraud('an order that hides its match', 'orders-root', 'position is 0', ({ evidence, header }) => {
    evidence.leaves!.orders = evidence.leaves!.orders!.map((leaf) =>
      leaf.position === 1 ? { ...leaf, position: 0 } : leaf,
    );
    header.ordersRoot = merkleRoot(TAG.orders, evidence.leaves!.orders.map(orderLeaf));
  });
  fraud('a friend as the winner', 'clearing', 'the winner is ask', (tampered) => {
    const match = tampered.evidence.pages[0]!.matches![0]!;
    const ids = tampered.evidence.asks.map((item) => item.id).sort();
    match.askId = ids[match.shortlist[match.runnerUp]!]!;
    match.winner = match.runnerUp;
    rehash(tampered);
  });
  fraud('a higher price', 'clearing', 'the price is', (tampered) => {
    const match = tampered.evidence.pages[0]!.matches![0]!;
    match.price += 1n;
    rehash(tampered);
  });
  fraud('an invented runner-up', 'clearing', 'the runner-up stands at place 254', (tampered) => {
    tampered.evidence.pages[0]!.matches![0]!.runnerUp = 254;
    rehash(tampered);
  });
  fraud('a shortlist without the nearest', 'clearing', 'of the shortlist is', (tampered) => {
    const match = tampered.evidence.pages[0]!.matches![0]!;
    match.shortlist = match.shortlist.slice(1);
    rehash(tampered);
  });
  fraud('a padded shortlist', 'clearing', 'too long', (tampered) => {
    const match = tampered.evidence.pages[0]!.matches![0]!;
    match.shortlist = [...match.shortlist, 0];
    rehash(tampered);
  });
  fraud('two orders served in the other order', 'clearing', 'stands in its place', (tampered) => {
    tampered.evidence.pages[0]!.matches!.reverse();
    rehash(tampered);
  });
  fraud('an order left unserved', 'clearing', 'it is missing', (tampered) => {
    const last = tampered.evidence.pages.at(-1)!;
    last.matches!.pop();
    tampered.header.matchCount -= 1;
    last.count -= 1;
    rehash(tampered);
  });
  fraud('more matches announced than published', 'pages', 'the header counts', ({ header }) => {
    header.matchCount += 1;
  });
  fraud('a page that never came', 'pages', 'is missing', ({ evidence }) => {
    evidence.pages = evidence.pages.slice(0, -1);
  });
  fraud('a page of other matches than its root', 'pages', 'its matches give', ({ evidence }) => {
    evidence.pages[0]!.root = ZERO_HASH;
  });
  fraud('a match that became nothing', 'fills', 'there is no lease of it', ({ evidence }) => {
    evidence.stateNow!.slots.get(evidence.slot)!.fills.shift();
  });
  fraud('a lease on other terms', 'fills', 'rate is', ({ evidence }) => {
    evidence.stateNow!.leases.get(FIRST_LEASE)!.rate += 1n;
  });
  fraud('a lease without a match', 'fills', 'belongs to no match', ({ evidence }) => {
    const stray = { orderId: keccakText('stray'), askId: ZERO_HASH, leaseId: 77n, cards: 1 };
    evidence.stateNow!.slots.get(evidence.slot)!.fills.push(stray);
  });
  fraud('a match that the contract refused', 'fills', 'ORDER_NONCE_USED', (tampered) => {
    skip(tampered, 5);
  });
  fraud('a provider paid too much', 'settlement', 'was owed', ({ evidence }) => {
    const lease = evidence.stateNow!.leases.get(FIRST_LEASE)!;
    lease.paid += 1n;
  });
  fraud('a fee beyond its rate', 'settlement', 'the fee is', ({ evidence }) => {
    const lease = evidence.stateNow!.leases.get(FIRST_LEASE)!;
    lease.fee += 1n;
  });
  fraud('a refund that never came', 'settlement', 'still held', ({ evidence }) => {
    const lease = evidence.stateNow!.leases.get(FIRST_LEASE + 1n)!;
    lease.locked += 1n;
    lease.locked -= 1n;
    const half = lease.start + BigInt(lease.duration / 2);
    const paid = (BigInt(lease.cards) * (half - lease.start) * lease.rate) / 3600n;
    Object.assign(lease, { end: half, settledUntil: half, paid, fee: (paid * 200n + 9_999n) / 10_000n });
  });
});

describe('matches of earlier slots that were committed after the close', () => {
  test('count: their cards, nonces and money are gone', () => {
    const world = randomWorld({ seed: 4, nodes: 40, providers: 12, orders: 12, leases: 12 });
    const { matches } = clear(world);
    const slot = world.slot - 1n;
    const later = [
      { name: 'SlotCommitted', args: { slot, scheduler: address('s'), header: { slot, pageCount: 1 } } },
      { name: 'Deposited', args: { account: address('ann'), amount: 10n ** 12n } },
      {
        name: 'PageCommitted',
        args: {
          ...{ slot, page: 0, pageId: 999n, start: 2n ** 33n, matchRoot: ZERO_HASH },
          ...packMatches(matches.slice(0, 3)),
        },
      },
    ].map((event, logIndex) => ({ blockNumber: 1_001n, logIndex, ...event }));
    const state = withLateMatches(world.state, later, world.slot);
    expect(state.usedNonces.size).toBe(world.state.usedNonces.size + 3);
    expect(state.accounts.get(address('ann'))?.available).toBe(
      world.state.accounts.get(address('ann'))?.available,
    );
    const again = clear({ ...world, state });
    const gone = matches.slice(0, 3).map((match) => match.orderId);
    expect(again.matches.some((match) => gone.includes(match.orderId))).toBe(false);
    expect(again.orders.filter((order) => gone.includes(order.id)).map((order) => order.code)).toEqual([
      3, 3, 3,
    ]);
  });

  test('of this slot and later ones do not count', () => {
    const { world, evidence } = setup();
    expect(withLateMatches(world.state, evidence.eventsSince!, world.slot)).toBe(world.state);
  });
});

/** The first matched order that is signed so. */
function matchedBy(evidence: SlotEvidence, signing: Signing): Hex {
  const ids = evidence.pages.flatMap((page) => page.matches!.map((match) => match.orderId));
  const found = evidence.orders.find(
    ({ id, signed }) => signingOf(signed.signature) === signing && ids.includes(id),
  );
  if (!found) throw new Error('the market has no such match');
  return found.id;
}

function fraud(name: string, rule: string, says: string, tamper: (subject: Tampered) => void) {
  test(`${name}: ${rule}`, () => {
    const { evidence } = setup();
    tamper({ evidence, header: evidence.committed!.header });
    const results = verifySlot(evidence);
    const named = results.find((result) => result.rule === rule)!;
    expect(named).toMatchObject({ ok: false });
    expect(named.firstDifference).toContain(says);
    expect(stateOf(named)).toBe('FAIL');
  });
}
