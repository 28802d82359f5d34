import { bytesToHex, concat, hexToBytes, uintBytes } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';

/** The first four bytes of a call of `commitPage(uint64,uint16,bytes)`. */
const SELECTOR: Hex = '0xdb9ed3f9';
/** The bytes follow the three words of the arguments. */
const DATA_AT = 96;

/** The call `commitPage(slot, page, data)`, without ethers (ADR 0014). */
export function pageCall(slot: bigint, page: number, data: Uint8Array): Hex {
  const padding = new Uint8Array((32 - (data.length % 32)) % 32);
  const words = [slot, page, DATA_AT, data.length].map((value) => uintBytes(value, 32));
  return bytesToHex(concat(hexToBytes(SELECTOR), ...words, data, padding));
}
