import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../../domain/hash.ts';
import { BOUNDS, brokenBound, DEFAULTS, slotAt, slotEnd, type Parameters } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import { allowsClass, classesFor, explains, requirementOf } from '../../domain/requirement.ts';
import type { Hex } from '../../domain/types.ts';
import { canonicalWorkload, parseWorkload, workloadHash } from '../../domain/workload.ts';
import { hex } from './arbitrary.ts';

const ids = (minLength: number, maxLength: number) => fc.uniqueArray(hex(32), { minLength, maxLength });

describe('requirement', () => {
  test('allows the classes it was made of and no other', () => {
    fc.assert(
      fc.property(ids(1, 16), hex(32), (classes, other) => {
        const requirement = requirementOf(classes);
        const carried = classesFor(classes);
        expect(explains(requirement, carried)).toBe(true);
        for (const id of classes) expect(allowsClass(requirement, carried, id)).toBe(true);
        if (!classes.includes(other)) expect(allowsClass(requirement, carried, other)).toBe(false);
      }),
    );
  });

  test('does not depend on the order in which classes are named', () => {
    fc.assert(
      fc.property(ids(0, 16), (classes) => {
        expect(requirementOf(classes.toReversed())).toBe(requirementOf(classes));
      }),
    );
  });

  test('is explained by its own ascending classes alone', () => {
    fc.assert(
      fc.property(ids(2, 8), hex(32), (classes, other) => {
        const requirement = requirementOf(classes);
        const carried = classesFor(classes);
        expect(explains(requirement, carried.toReversed())).toBe(false);
        expect(explains(requirement, [...carried, other].sort())).toBe(false);
        expect(explains(requirement, carried.slice(0, 1))).toBe(false);
        expect(explains(ZERO_HASH, carried)).toBe(false);
        expect(allowsClass(requirement, [], carried[0]!)).toBe(false);
      }),
    );
  });

  test('of no class is any class; of twins or too many it is refused', () => {
    expect(requirementOf([])).toBe(ZERO_HASH);
    expect(allowsClass(ZERO_HASH, [], `0x${'ab'.repeat(32)}`)).toBe(true);
    expect(() => requirementOf([ZERO_HASH, ZERO_HASH])).toThrow(RangeError);
    const many = Array.from({ length: 17 }, (_, i): Hex => `0x${i.toString(16).padStart(64, '0')}`);
    expect(() => requirementOf(many)).toThrow(RangeError);
  });
});

describe('workload', () => {
  test('has one text and one hash, whatever the order of its environment', () => {
    const a = parseWorkload({ command: ['sh', '-c', 'echo $A'], env: { B: '2', A: '1' } });
    const b = parseWorkload({ env: { A: '1', B: '2' }, command: ['sh', '-c', 'echo $A'] });
    expect(canonicalWorkload(a)).toBe('{"command":["sh","-c","echo $A"],"env":{"A":"1","B":"2"}}');
    expect(workloadHash(a)).toBe(workloadHash(b));
    expect(canonicalWorkload(parseWorkload({ command: ['x'], env: {} }))).toBe('{"command":["x"]}');
  });

  test('reads its own text', () => {
    const workloads = fc.record({
      command: fc.array(
        fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
        { minLength: 1, maxLength: 5 },
      ),
      env: fc.dictionary(
        fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/),
        fc.string().filter((text) => !text.includes('\0')),
      ),
    });
    fc.assert(
      fc.property(workloads, (workload) => {
        const text = canonicalWorkload(parseWorkload(workload));
        expect(canonicalWorkload(parseWorkload(JSON.parse(text)))).toBe(text);
      }),
    );
  });

  test('of another form is refused', () => {
    const bad: unknown[] = [
      null,
      7,
      {},
      { command: [] },
      { command: 'ls' },
      { command: [''] },
      { command: [1] },
      { command: ['a\0b'] },
      { command: ['ls'], env: [] },
      { command: ['ls'], env: { '1A': 'x' } },
      { command: ['ls'], env: { A: 1 } },
      { command: Array.from({ length: 257 }, () => 'x') },
      { command: ['x'.repeat(70_000)] },
    ];
    for (const value of bad) expect(() => parseWorkload(value)).toThrow(Refusal);
  });
});

describe('parameters', () => {
  test('of the ADR keep their bounds; one beyond each bound does not', () => {
    expect(brokenBound(DEFAULTS)).toBeNull();
    for (const name of Object.keys(BOUNDS) as (keyof Parameters)[]) {
      const [low, high] = BOUNDS[name];
      const beyond =
        typeof low === 'bigint' ? [low - 1n, (high as bigint) + 1n] : [low - 1, (high as number) + 1];
      for (const value of beyond) expect(brokenBound({ ...DEFAULTS, [name]: value })).toContain(name);
      for (const value of [low, high]) {
        // Alone within its bounds, it may still not fit the others.
        expect(brokenBound({ ...DEFAULTS, [name]: value }) ?? '').not.toContain('outside');
      }
    }
  });

  test('put every second into one slot', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 40n }),
        fc.integer({ min: 1, max: 3_600 }),
        (second, slotSeconds) => {
          const slot = slotAt(second, { slotSeconds });
          expect(second < slotEnd(slot, { slotSeconds })).toBe(true);
          expect(slot === 0n || second >= slotEnd(slot - 1n, { slotSeconds })).toBe(true);
        },
      ),
    );
  });
});

test('a refusal says what, why and what to do', () => {
  const refusal = new Refusal(
    'INSUFFICIENT_BIDDING',
    'Bidding holds 5, the order locks 7.',
    'Fund bidding with 2 more.',
  );
  expect(refusal).toMatchObject({ code: 'INSUFFICIENT_BIDDING', http: 402, retryable: false });
  expect(refusal.message).toBe('Bidding holds 5, the order locks 7. Fund bidding with 2 more.');
  expect(new Refusal('CHAIN_UNREACHABLE', 'a', 'b').retryable).toBe(true);
});
