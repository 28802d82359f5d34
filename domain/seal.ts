/**
 * The gateway's word, to the scheduler that shares its key, on who signed a stored message (ADR 0016): a keyed hash, so that whoever can
 * write the database alone can't vouch for a signer.
 */
import { bytesToHex, concat, hexToBytes, keccakBytes, keccakText, writeHex } from './hash.ts';
import type { Hex } from './types.ts';

/** @returns 32 bytes that nobody without the key can make. */
export type Seal = (id: Hex, signer: Hex, signature: Hex) => Hex;

/** Tells the seals' key from every other use of the private key. */
const PURPOSE = hexToBytes(keccakText('Cardhour: seal of a recovered signer'));

/** id 32 ‖ signer 20 ‖ signature 65, behind the key's 32: a sponge needs no more to be a keyed hash. */
const [ID_AT, SIGNER_AT, SIGNATURE_AT, LENGTH] = [32, 64, 84, 149];

/** @param privateKey the scheduler's, 32 bytes, which signs the receipts too */
export function createSeal(privateKey: Hex): Seal {
  const bytes = new Uint8Array(LENGTH);
  bytes.set(keccakBytes(concat(PURPOSE, hexToBytes(privateKey))));
  return (id, signer, signature) => {
    if (id.length !== 66 || signer.length !== 42 || signature.length !== 132)
      throw new RangeError(`a seal is on 32, 20 and 65 bytes, not on ${id}, ${signer}, ${signature}`);
    writeHex(bytes, ID_AT, id);
    writeHex(bytes, SIGNER_AT, signer);
    writeHex(bytes, SIGNATURE_AT, signature);
    return bytesToHex(keccakBytes(bytes));
  };
}
