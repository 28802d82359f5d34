import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEvidence, type EvidenceSource, type SlotInputs } from '../../app/server/evidence.ts';
import { slotInputs } from '../../app/server/reads/slots.ts';
import { slotInputsSchema, toJson } from '../../app/server/wire.ts';
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
  const inputs = await published(slot);
  const [ask] = inputs.asks;
  if (ask === undefined) throw new Error('the slot has no ask');
  const cheaper = { ...ask, ask: { ...ask.ask, reservePrice: 1n } };
  expect(await broken(slot, { ...inputs, asks: [cheaper] })).toContain('items');
  expect(await broken(slot, { ...inputs, asks: [] })).toContain('items');
  expect(await broken(slot, { ...inputs, manifest: `${inputs.manifest.slice(0, -2) as '0x'}00` })).toContain(
    'inputs-hash',
  );
  expect(await broken(slot, null)).toContain('inputs-hash');
  expect(await broken(slot)).toEqual([]);
});

test('slot_withoutAHeader_isNoPass', async () => {
  const slot = await world.openSlot();
  expect(await broken(slot, null)).toHaveLength(verifySlot(await source.collect(slot, null)).length);
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

/** The inputs as they come over HTTP. */
async function published(slot: bigint): Promise<SlotInputs> {
  const inputs = await slotInputs(db, slot, await world.now(), world.market.deployment.parameters);
  return slotInputsSchema.parse(JSON.parse(toJson(inputs)));
}

async function broken(slot: bigint, inputs?: SlotInputs | null): Promise<string[]> {
  const evidence = await source.collect(slot, inputs === undefined ? await published(slot) : inputs);
  return verifySlot(evidence)
    .filter((result) => !result.ok)
    .map((result) => result.rule);
}
