import { AbiCoder, Transaction, Wallet } from 'ethers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';
import { signTransaction } from '../../scheduler/commit/raw-transaction.ts';
import { auctionInterface, pageData } from '../../scheduler/commit/slot-calls.ts';
import { hex } from '../domain/arbitrary.ts';

const wei = fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 255n, 256n), fc.bigInt(0n, 2n ** 100n));
/** Around each length at which the encoding changes. */
const data = fc
  .oneof(fc.constantFrom(0, 1, 55, 56, 255, 256, 65_535, 65_536), fc.nat(500))
  .chain((length) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytesToHex(bytes)),
  );

const transaction = fc
  .record({
    chainId: fc.constantFrom(1, 127, 128, 31_337, 2 ** 40),
    nonce: fc.oneof(fc.constantFrom(0, 1, 127, 128, 256), fc.nat(2 ** 31 - 1)),
    to: hex(20),
    data,
    gasLimit: wei,
    maxFeePerGas: wei,
    tip: wei,
  })
  .map(({ tip, ...rest }) => ({
    ...rest,
    maxPriorityFeePerGas: tip < rest.maxFeePerGas ? tip : rest.maxFeePerGas,
  }));

test('signTransaction_isWhatEthersSigns', () => {
  fc.assert(
    fc.property(hex(32), transaction, (key, fields) => {
      const wallet = new Wallet(BigInt(key) === 0n ? `0x${'1'.repeat(64)}` : key);
      const slow = Transaction.from({ type: 2, value: 0n, ...fields });
      slow.signature = wallet.signingKey.sign(slow.unsignedHash);
      expect(signTransaction(wallet.privateKey as Hex, fields)).toEqual({
        raw: slow.serialized,
        hash: slow.hash,
      });
    }),
    { numRuns: 100 },
  );
});

test('pageData_isWhatEthersEncodes', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(65_535), data, (slot, page, bytes) => {
      const encoded = pageData(slot, page, hexToBytes(bytes));
      expect(encoded).toBe(auctionInterface.encodeFunctionData('commitPage', [slot, page, bytes]));
      const read = AbiCoder.defaultAbiCoder().decode(['uint64', 'uint16', 'bytes'], `0x${encoded.slice(10)}`);
      expect(read.toArray()).toEqual([slot, BigInt(page), bytes]);
    }),
    { numRuns: 50 },
  );
});
