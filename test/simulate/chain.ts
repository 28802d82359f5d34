/** A chain without a machine behind it: blocks with true hashes, roots and blooms over events from a tape, and other branches of it. */
import type { Deployment } from '../../contracts/deployment.ts';
import { keccakText } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';
import { marksOf } from '../../indexer/chain/proof/bloom.ts';
import { headerHash, type RawHeader } from '../../indexer/chain/proof/header.ts';
import { receiptsRoot, type RawReceipt } from '../../indexer/chain/proof/receipts.ts';
import { anyMove, type Tape, type TapedLog } from './tape.ts';

export interface SimBlock {
  header: RawHeader;
  receipts: RawReceipt[];
  /** How much of the tape has happened after it. */
  played: number;
}

const GENESIS_TIME = 1_900_000_000;
const NOT_OURS: Hex = `0x${'77'.repeat(20)}`;
const ZERO: Hex = `0x${'0'.repeat(64)}`;

export class SimChain {
  readonly deployment: Deployment;
  readonly #tape: Tape;
  readonly #random: () => number;
  readonly #byHash = new Map<Hex, SimBlock>();
  #blocks: SimBlock[] = [];
  /** The highest block that there ever was. */
  highest = 0;

  constructor(tape: Tape, random: () => number) {
    this.deployment = tape.deployment;
    this.#tape = tape;
    this.#random = random;
    this.#append([], 0);
  }

  get head(): number {
    return this.#blocks.length - 1;
  }

  block(number: number): SimBlock | undefined {
    return this.#blocks[number];
  }

  /** A block of this branch. */
  byHash(hash: Hex): SimBlock | undefined {
    const block = this.#byHash.get(hash);
    return block !== undefined && this.#blocks[Number(block.header.number)] === block ? block : undefined;
  }

  /** Mines blocks, some of them empty; each plays on with the tape a little. */
  mine(count: number): void {
    for (let i = 0; i < count; i++) {
      let played = this.#blocks.at(-1)!.played;
      const transactions: TapedLog[][] = [];
      if (this.#random() < 0.8) {
        for (let n = Math.floor(this.#random() * 4); n > 0 && played < this.#tape.day.length; n--)
          transactions.push(this.#tape.day[played++]!);
        for (let n = Math.floor(this.#random() * 4); n > 0; n--) transactions.push(this.#noise());
      }
      this.#append(transactions, played);
    }
  }

  /** The newest blocks are no more; others take their place. */
  reorganise(depth: number, instead: number): void {
    this.#blocks.length = Math.max(1, this.#blocks.length - depth);
    this.mine(instead);
  }

  #noise(): TapedLog[] {
    const logs = [anyMove(this.deployment, this.#random)];
    // Others use the chain too, and other contracts may give events the same name.
    if (this.#random() < 0.3) logs.push({ ...anyMove(this.deployment, this.#random), address: NOT_OURS });
    return this.#random() < 0.5 ? logs : logs.toReversed();
  }

  #append(transactions: TapedLog[][], played: number): void {
    const parent = this.#blocks.at(-1)?.header;
    const number = this.#blocks.length;
    const salt = Math.floor(this.#random() * 2 ** 32);
    const hashes = transactions.map((_, index) => keccakText(`${number} ${index} ${salt}`));
    const receipts = transactions.map((logs, index) => receiptOf(logs, index, hashes[index]!));
    const blooms = receipts.map(({ logsBloom }) => logsBloom);
    const fields = {
      parentHash: parent?.hash ?? ZERO,
      sha3Uncles: ZERO,
      miner: NOT_OURS,
      stateRoot: keccakText(String(salt)),
      transactionsRoot: ZERO,
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: unite(blooms),
      difficulty: '0x0',
      number: hex(number),
      gasLimit: '0x1c9c380',
      gasUsed: hex(21_000 * transactions.length),
      timestamp: hex(GENESIS_TIME + 2 * number),
      extraData: '0x',
      mixHash: ZERO,
      nonce: '0x0000000000000000',
      baseFeePerGas: '0x7',
    };
    const header = { ...fields, hash: headerHash(fields)!, transactions: hashes } as RawHeader;
    let logIndex = 0;
    for (const receipt of receipts)
      for (const log of receipt.logs)
        Object.assign(log, { blockHash: header.hash, blockNumber: header.number, logIndex: hex(logIndex++) });
    const block = { header, receipts, played };
    this.#blocks.push(block);
    this.highest = Math.max(this.highest, number);
    this.#byHash.set(header.hash, block);
  }
}

function receiptOf(logs: TapedLog[], index: number, transactionHash: Hex): RawReceipt {
  const digits = new Uint8Array(512);
  for (const item of new Set(logs.flatMap(({ address, topics }) => [address, ...topics])))
    for (const [digit, bit] of marksOf(item)) digits[digit - 2]! |= bit;
  return {
    type: index % 2 === 0 ? '0x2' : '0x0',
    status: '0x1',
    cumulativeGasUsed: hex(21_000 * (index + 1)),
    logsBloom: textOf(digits),
    logs: logs.map((log) => ({
      ...log,
      transactionHash,
      blockHash: ZERO,
      blockNumber: '0x0',
      logIndex: '0x0',
    })),
  };
}

function unite(blooms: readonly Hex[]): Hex {
  const digits = new Uint8Array(512);
  for (const bloom of blooms)
    for (let at = 0; at < 512; at++) digits[at]! |= Number.parseInt(bloom[at + 2]!, 16);
  return textOf(digits);
}

function textOf(digits: Uint8Array): Hex {
  return `0x${Array.from(digits, (digit) => digit.toString(16)).join('')}`;
}

function hex(value: number): Hex {
  return `0x${value.toString(16)}`;
}
