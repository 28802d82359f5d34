import type { Hex } from '../../../domain/types.ts';
import { rlpData, rlpList, rlpQuantity } from './rlp.ts';
import { listRoot } from './trie.ts';

export interface RawLogEntry {
  address: Hex;
  topics: Hex[];
  data: Hex;
  blockNumber: Hex;
  blockHash: Hex;
  transactionHash: Hex;
  logIndex: Hex;
}

export interface RawReceipt {
  type?: string;
  status: string;
  cumulativeGasUsed: string;
  logsBloom: Hex;
  logs: RawLogEntry[];
  /** Of deposits on rollups. */
  depositNonce?: string;
  depositReceiptVersion?: string;
}

/** What a header's `receiptsRoot` is when these are the block's receipts, all of them and in order. @throws Error when one is malformed */
export function receiptsRoot(receipts: readonly RawReceipt[]): Hex {
  return listRoot(receipts.map(encoded));
}

function encoded(receipt: RawReceipt): string {
  const { type = '0x0', status, cumulativeGasUsed, logsBloom, logs } = receipt;
  const items = [rlpQuantity(status), rlpQuantity(cumulativeGasUsed), rlpData(logsBloom)];
  items.push(rlpList(logs.map(encodedLog)));
  for (const later of [receipt.depositNonce, receipt.depositReceiptVersion])
    if (later !== undefined) items.push(rlpQuantity(later));
  const list = rlpList(items);
  return Number(type) === 0 ? list : Number(type).toString(16).padStart(2, '0') + list;
}

function encodedLog({ address, topics, data }: RawLogEntry): string {
  return rlpList([rlpData(address), rlpList(topics.map(rlpData)), rlpData(data)]);
}
