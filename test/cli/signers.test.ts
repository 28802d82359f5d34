import { afterAll, expect, test } from 'vitest';
import { openSigners } from '../../cli/verify/signers.ts';
import { keccakText } from '../../domain/hash.ts';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import type { Hex } from '../../domain/types.ts';

const signers = openSigners(3);
afterAll(() => signers.close());

test.each([0, 1, 7, 1_000, 1_001, 1_002])(
  'recover_of%iItems_isWhatOneThreadRecovers_inOrder',
  async (count) => {
    const items = Array.from({ length: count }, (_, i) => {
      const id = keccakText(`item ${i}`);
      const signature: Hex = i % 5 === 3 ? '0x12' : signDigest(id, keccakText(`key ${i % 4}`));
      return { id, signature };
    });
    expect(await signers.recover(items)).toEqual(
      items.map(({ id, signature }) => recoverSigner(id, signature)),
    );
  },
);

test('recover_atOnce_mixesNothingUp', async () => {
  const lists = ['a', 'b'].map((name) =>
    Array.from({ length: 600 }, (_, i) => {
      const id = keccakText(`${name} ${i}`);
      return { id, signature: signDigest(id, keccakText(name)) };
    }),
  );
  const answers = await Promise.all(lists.map((list) => signers.recover(list)));
  expect(answers.map((answer) => new Set(answer).size)).toEqual([1, 1]);
  expect(answers[0]![0]).not.toBe(answers[1]![0]);
});
