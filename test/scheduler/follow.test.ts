import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closedSlots } from '../../scheduler/follow.ts';

const clock = { slotSeconds: 10, commitDeadlineSeconds: 60 };

describe('closedSlots', () => {
  it('closedSlots_atTheStartReturnsAllThatCanStillBeCommitted', () => {
    expect(closedSlots(clock, 1_000n, null)).toEqual([93n, 94n, 95n, 96n, 97n, 98n, 99n]);
  });

  it('closedSlots_returnsEachSlotOnceWhateverTheSteps', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 40n), { maxLength: 40 }), (steps) => {
        let time = 1_000n;
        let last: bigint | null = null;
        const seen: bigint[] = [];
        for (const step of steps) {
          time += step;
          const slots = closedSlots(clock, time, last);
          seen.push(...slots);
          last = slots.at(-1) ?? last;
        }
        expect(seen).toEqual(seen.map((_, index) => (seen[0] ?? 0n) + BigInt(index)));
        if (seen.length > 0) expect(((seen.at(-1) ?? 0n) + 2n) * 10n).toBeGreaterThan(time);
      }),
    );
  });

  it('closedSlots_leavesOutWhatIsPastItsDeadlineAfterASilence', () => {
    expect(closedSlots(clock, 10_000n, 99n)[0]).toBe(993n);
  });

  it('closedSlots_isEmptyWhileTheSlotIsOpen', () => {
    expect(closedSlots(clock, 1_009n, 99n)).toEqual([]);
    expect(closedSlots(clock, 5n, null)).toEqual([]);
  });
});
