import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEvidence, type EvidenceSource } from '../../app/evidence/evidence.ts';
import { slotInputs, slotOf } from '../../app/server/reads/slots.ts';
import { askId } from '../../domain/eip712.ts';
import { decodeManifest, encodeManifest } from '../../domain/manifest.ts';
import { clock, lastStep } from '../../domain/rea.ts';
import type { Hex, SignedAsk } from '../../domain/types.ts';
import { verifySlot } from '../../domain/verify.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { setup } from '../scheduler/setup.ts';
import { refusalOf } from './fixture.ts';

let world: Awaited<ReturnType<typeof setup>>;
let db: Database;
let source: EvidenceSource;
beforeEach(async () => {
  world = await setup();
  db = openDatabase(world.database.url, 2);
  source = createEvidence({ rpcUrl: world.chain.rpcUrl, deployment: world.market.deployment });
});
afterEach(async () => {
  await db.$disconnect();
  await world.teardown();
});

test('slots_ofARealChain_verifyFromChainAndPublishedInputsAlone_inAnyOrder', async () => {
  const slots = [await tradedSlot(1n), await tradedSlot(2n)] as const;
  for (const slot of [slots[0], slots[1], slots[0]]) expect(await broken(slot)).toEqual([]);
});

test('inputs_tamperedWith_areNamedByTheFirstRuleTheyBreak', async () => {
  const slot = await tradedSlot(1n);
  const bytes = await published(slot);
  const { asks, ...rest } = decodeManifest(bytes);
  const [{ signed }] = asks as [(typeof asks)[0]];
  const message = { ...signed.ask, reservePrice: 1n };
  const cheaper = { id: askId(rest.domain, message), signed: { ...signed, ask: message } };
  expect(await broken(slot, encodeManifest({ ...rest, asks: [cheaper] }))).toContain('inputs-hash');
  expect(await broken(slot, encodeManifest({ ...rest, asks: [] }))).toContain('inputs-hash');
  for (const at of [0, 20, 40, bytes.length >> 1, bytes.length - 1]) {
    const flipped = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    expect(await broken(slot, flipped)).toContain('inputs-hash');
  }
  expect(await broken(slot, null)).toContain('inputs-hash');
  expect(await broken(slot, new Uint8Array())).toContain('inputs-hash');
  expect(await broken(slot)).toEqual([]);
});

test('slot_withoutAHeader_isNoPass', async () => {
  const slot = await world.openSlot();
  expect(await broken(slot, null)).toHaveLength(verifySlot(await source.collect(slot, null)).length);
});

test('slot_showsEachAuctionWithItsShortlist_asTheAsksSayIt', async () => {
  const slot = await tradedSlot(1n);
  const { parameters } = world.market.deployment;
  const { matches } = await slotOf(db, slot, await world.now(), parameters);
  const [{ id, signed }] = decodeManifest(await published(slot)).asks as [{ id: Hex; signed: SignedAsk }];
  const last = lastStep(2_000_000n, clock(parameters.gammaWad), 1_500_000n);
  expect(matches.map(({ candidates }) => candidates)).toEqual([
    [
      {
        askId: id,
        node: signed.ask.supply,
        provider: signed.ask.provider,
        reserve: '1500000',
        distance: expect.any(Number) as number,
        entropyGap: 469_000,
        droppedAt: last,
      },
    ],
  ]);
});

test('inputs_areSealedUntilTheClose', async () => {
  const slot = await world.openSlot();
  await world.order(slot, 1, 2_000_000n, 1n);
  await refusalOf(published(slot), 'SLOT_OPEN');
  await world.closeSlot(slot);
  await refusalOf(published(slot), 'NOT_FOUND');
});

/** A slot with one ask and one order that match, committed. */
async function tradedSlot(nonce: bigint): Promise<bigint> {
  const slot = await world.openSlot();
  await world.ask(slot, 0, 2, 1_500_000n, nonce);
  await world.order(slot, 1, 2_000_000n, nonce);
  await world.closeSlot(slot);
  await world.pipeline().runSlot(slot);
  await world.indexer.syncTo();
  return slot;
}

/** The inputs as the API hands them out. */
async function published(slot: bigint): Promise<Uint8Array> {
  return slotInputs(db, slot, await world.now(), world.market.deployment.parameters);
}

async function broken(slot: bigint, manifest?: Uint8Array | null): Promise<string[]> {
  const evidence = await source.collect(slot, manifest === undefined ? await published(slot) : manifest);
  return verifySlot(evidence)
    .filter((result) => !result.ok)
    .map((result) => result.rule);
}
