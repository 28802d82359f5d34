/** What can't be checked is said, and is no pass. */
import { describe, expect, test } from 'vitest';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { decodeManifest, encodeManifest } from '../../domain/manifest.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { RULES, stateOf, verifySlot } from '../../domain/verify.ts';
import { failing, heldBy, setup, type Mutable } from './tamper.ts';
import { address } from './world.ts';

describe('what is not there is not a pass', () => {
  const gone: [keyof SlotEvidence, string[]][] = [
    ['committed', RULES.map(({ rule }) => rule).filter((rule) => !['items', 'signatures'].includes(rule))],
    ['closing', ['header-block']],
    ['next', ['header-block']],
    ['manifest', ['inputs-hash', 'items', 'receipts', 'orders-root', 'asks-root', 'clearing']],
    ['stateAtClose', ['clusters', 'signatures', 'orders-root', 'asks-root', 'clearing']],
    ['eventsSince', ['orders-root', 'asks-root', 'clearing']],
    ['stateNow', ['fills', 'settlement']],
  ];
  test.each(gone)('without %s', (part, rules) => {
    const { evidence } = setup();
    const results = verifySlot({ ...evidence, [part]: null });
    const unchecked = results.filter((result) => result.firstDifference?.startsWith('not checked: '));
    expect(unchecked.map((result) => result.rule)).toEqual(rules);
    expect(results.filter((result) => !result.ok)).toEqual(unchecked);
  });

  const lies: [string, string, (evidence: Mutable) => void][] = [
    ['a block whose header is another', 'header-block', ({ closing }) => (closing!.headerHash = ZERO_HASH)],
    ["a seed's block whose header is another", 'header-block', ({ next }) => (next!.headerHash = ZERO_HASH)],
    ['blocks that do not follow', 'header-block', ({ next }) => (next!.parentHash = ZERO_HASH)],
    ['another block of the header', 'deadline', ({ committed }) => (committed!.block.headerHash = ZERO_HASH)],
    ['receipts without a signer', 'receipts', (evidence) => delete evidence.receiptSigner],
    ['receipts without a scheduler', 'receipts', ({ committed }) => delete committed!.scheduler],
    [
      'a receipt of another slot',
      'receipts',
      (evidence) => (evidence.held = [heldBy(evidence, { slot: 7n })]),
    ],
    [
      'a receipt that the scheduler did not sign',
      'receipts',
      (evidence) => (evidence.held = [{ ...heldBy(evidence), signer: address('forger') }]),
    ],
    [
      'a receipt in the name of another',
      'receipts',
      (evidence) => (evidence.held = [heldBy(evidence, { scheduler: address('forger') })]),
    ],
  ];
  test.each(lies)('with %s', (_, rule, tamper) => {
    const { evidence } = setup();
    tamper(evidence);
    const broken = verifySlot(evidence).filter((result) => !result.ok);
    expect(broken.map((result) => [result.rule, stateOf(result)])).toEqual([[rule, 'OPEN']]);
  });

  test('with inputs that the header does not hash: nothing is replayed from them', () => {
    const { evidence } = setup();
    const { orders, asks, receipts, ...rest } = decodeManifest(evidence.manifest!);
    const [first, ...others] = receipts.items;
    const items = [...others, first!];
    evidence.manifest = encodeManifest({ ...rest, orders, asks, receipts: { ...receipts, items } });
    const states = new Map(verifySlot(evidence).map((result) => [result.rule, stateOf(result)]));
    expect(states.get('inputs-hash')).toBe('FAIL');
    for (const rule of ['orders-root', 'asks-root', 'clearing']) expect(states.get(rule)).toBe('OPEN');
  });

  test('of a slot without a header: the head says whether it is due', () => {
    const { evidence } = setup();
    const end = slotEnd(evidence.slot, evidence.parameters);
    const said = (timestamp: bigint) =>
      verifySlot({ ...evidence, committed: null, head: { ...evidence.closing!, timestamp } })[0]!
        .firstDifference;
    expect(said(end - 1n)).toMatch(/^not checked: .* is before the slot's end/);
    expect(said(end)).toMatch(/^not checked: .* is not past the commit deadline/);
    expect(said(end + 61n)).toMatch(/^not checked: .* no order was in it, or it was given up/);
  });

  test('of a slot whose pages are still to come, until they are due', () => {
    const { evidence } = setup();
    const last = slotEnd(evidence.slot, evidence.parameters) + 60n;
    const broken = (timestamp: bigint) =>
      verifySlot({
        ...evidence,
        pages: evidence.pages.slice(0, -1),
        head: { ...evidence.closing!, timestamp },
      })
        .filter((result) => !result.ok)
        .map((result) => [result.rule, stateOf(result)]);
    expect(broken(last)).toEqual([
      ['clearing', 'OPEN'],
      ['pages', 'OPEN'],
      ['fills', 'OPEN'],
    ]);
    expect(broken(last + 1n)).toEqual([
      ['clearing', 'FAIL'],
      ['pages', 'FAIL'],
      ['fills', 'FAIL'],
    ]);
  });

  test("without a page's matches", () => {
    const { evidence } = setup();
    const pages = evidence.pages.map((page) => ({ ...page, matches: null }));
    expect(failing({ ...evidence, pages })).toEqual(['signatures', 'clearing', 'pages', 'fills']);
  });
});
