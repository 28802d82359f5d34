/** A cluster in the real market: formed by consent, it wins an order, the slot verifies, its pay is split to the unit. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clustersAbi } from '../../contracts/generated/abi.ts';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { clusterAsks } from '../../domain/cluster-asks.ts';
import { runnerOf } from '../../domain/clusters.ts';
import { ASK_CODE } from '../../domain/eligibility.ts';
import { askId } from '../../domain/eip712.ts';
import { encodeManifest } from '../../domain/manifest.ts';
import { leasedCards } from '../../domain/market-state.ts';
import { classId, regionId } from '../../domain/names.ts';
import { clearSlot } from '../../domain/slot.ts';
import { verifySlot } from '../../domain/verify.ts';
import type { Ask, Hex } from '../../domain/types.ts';
import { consentsOf } from '../support/clusters.ts';
import { marketOf } from '../support/leases.ts';
import { addressOf, CLASS, REGION } from './market.ts';
import { setup } from './setup.ts';

const RESERVE = { alice: 1_800_000n, bob: 1_500_000n };

describe('a cluster', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  let bobs: Hex;
  beforeEach(async () => {
    at = await setup();
    [bobs] = (await at.market.addProvider('bob', [{ name: 'c', cards: 2 }])) as [Hex];
  });
  afterEach(() => at.teardown());

  /** Alice's node b (4 cards, power 300) and bob's (2 cards, power 100). */
  async function form(seconds = 3_600n) {
    const validFrom = (await at.now()) + 5n;
    const made = consentsOf(
      at.market.domain,
      [
        { by: 'alice', node: at.nodes[1]!, power: 300n, cards: 4, reservePrice: RESERVE.alice },
        { by: 'bob', node: bobs, power: 100n, cards: 2, reservePrice: RESERVE.bob },
      ],
      { validFrom, validUntil: validFrom + seconds, nonce: 1n },
    );
    const { clusters } = at.market.deployment;
    const args = [classId(CLASS), regionId(REGION), made.consents, made.signatures];
    await at.market.send('carol', clusters, clustersAbi, 'form', ...args);
    return { ...made, validFrom };
  }

  it('winsAnOrder_theSlotVerifies_andItsPayIsSplitByPowerToTheUnit', async () => {
    const made = await form();
    const slot = await at.openSlot();
    // A member's own ask does not count, and a dearer single is the runner-up.
    await at.ask(slot, 1, 4, 1_000_000n, 1n);
    await at.ask(slot, 0, 2, 2_600_000n, 2n);
    await at.order(slot, 2, 3_000_000n, 1n, 600);
    await at.closeSlot(slot);
    const report = await at.pipeline().runSlot(slot);
    expect(report).toMatchObject({ state: 'committed', matched: 1, skipped: [], asks: 3 });
    await at.indexer.syncTo();
    expect(await at.broken(slot)).toEqual([]);

    const market = await marketOf(at.chain.rpcUrl, at.market.deployment);
    const [lease] = [...market.leases.values()];
    expect(lease).toMatchObject({ provider: made.account, node: made.cluster, cards: 2 });
    // The clock's step that the runner-up leaves at, or the one after.
    expect([2_400_000n, 1_920_000n, 3_000_000n]).toContain(lease!.rate);
    const runner = runnerOf(market.clusters.get(made.account)!, lease!.id);
    const cards = (node: Hex): number => leasedCards(market, node, lease!.start);
    expect(cards(runner.node)).toBe(2);
    expect(cards(at.nodes[1]!) + cards(bobs)).toBe(2);

    await at.mineAt(lease!.end + 10n);
    expect(await at.pipeline().settleDue()).toBe(1);
    await at.indexer.syncTo();
    const paid = (2n * 600n * lease!.rate) / 3_600n;
    expect(await availableOf(made.account)).toBe(paid);
    const before = { alice: await availableOf('alice'), bob: await availableOf('bob') };
    await at.market.send('carol', at.market.deployment.clusters, clustersAbi, 'distribute', made.cluster);
    await at.indexer.syncTo();
    expect(await availableOf(made.account)).toBe(0n);
    const got = {
      alice: (await availableOf('alice')) - before.alice,
      bob: (await availableOf('bob')) - before.bob,
    };
    expect(got.alice + got.bob).toBe(paid);
    const alicesShare = (paid * 300n) / 400n;
    expect([alicesShare, alicesShare + 1n]).toContain(got.alice);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('isInEverySlotOfItsCycle_andInNoneAfterIt', async () => {
    const made = await form(30n);
    const slot = await at.openSlot();
    await at.order(slot, 1, 3_000_000n, 1n);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({ matched: 1, asks: 1 });
    await at.mineAt(made.validFrom + 40n);
    const later = await at.openSlot();
    await at.order(later, 1, 3_000_000n, 2n);
    await at.closeSlot(later);
    expect(await at.pipeline().runSlot(later)).toMatchObject({ matched: 0, asks: 0 });
    await at.indexer.syncTo();
    expect(await at.broken(slot)).toEqual([]);
    expect(await at.broken(later)).toEqual([]);
  });

  it('thatWasNeverFormed_isFound_andAnHonestReplayLeavesItOut', async () => {
    const made = await form();
    const slot = await at.openSlot();
    await at.order(slot, 1, 3_000_000n, 1n);
    await at.closeSlot(slot);
    await at.pipeline().runSlot(slot);
    await at.indexer.syncTo();
    const { chain, market } = at;
    const evidence = await createEvidence({ rpcUrl: chain.rpcUrl, deployment: market.deployment }).collect(
      slot,
      await at.inputs(slot),
    );
    const state = evidence.stateAtClose!;
    const [real] = clusterAsks(state, made.validFrom + 100n);
    const cheaper: Ask = { ...real!.signed.ask, reservePrice: 1n };
    const forged = {
      id: askId(market.domain, cheaper),
      signed: { ask: cheaper, signature: '0x' as Hex },
      signer: null,
    };
    const { header } = evidence.committed!;
    const input = {
      ...{ slot, seed: header.seed, closeBlock: header.closeBlock, parameters: market.deployment.parameters },
      ...{ orders: [...evidence.orders], asks: [...evidence.asks, forged], manifest: new Uint8Array() },
    };
    const cleared = clearSlot(input, state);
    expect(cleared.asks.find(({ id }) => id === forged.id)?.code).toBe(ASK_CODE.BAD_SIGNATURE);
    expect(cleared.matches.map(({ askId: id }) => id)).toEqual([real!.id]);

    // A scheduler that lets it win shows its hand in the signatures, and in the clearing.
    const lying = {
      ...evidence,
      asks: [...evidence.asks, forged],
      pages: evidence.pages.map((page) => ({
        ...page,
        matches: page.matches!.map((match) => ({ ...match, askId: forged.id })),
      })),
    };
    const broken = verifySlot(lying).filter(({ ok }) => !ok);
    expect(broken.find(({ rule }) => rule === 'signatures')?.firstDifference).toContain('never formed');
    expect(broken.map(({ rule }) => rule)).toContain('items');

    // And one that leaves a formed cluster out of the slot is found, too.
    const without = evidence.asks.filter(({ id }) => id !== real!.id);
    const manifest = encodeManifest({
      ...{ domain: market.domain, slot, orders: evidence.orders, asks: without },
      receipts: { items: [], signature: '0x' },
    });
    const hidden = verifySlot({ ...evidence, asks: without, manifest });
    expect(hidden.find(({ rule }) => rule === 'clusters')).toMatchObject({
      ok: false,
      subject: { kind: 'ask', id: real!.id },
    });
  });

  async function availableOf(who: string): Promise<bigint> {
    const address = who.startsWith('0x') ? who : addressOf(who);
    const { rows } = await at.pool.query<{ available: string }>(
      'SELECT available::text FROM account WHERE address = $1',
      [address],
    );
    return BigInt(rows[0]?.available ?? 0);
  }
});
