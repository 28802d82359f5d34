/** What a transaction's gas consists of that no other code would save: calldata, signatures, words touched, logs. */
import type { Hex } from '../../domain/types.ts';
import type { TestChain } from '../../test/support/chain.ts';
import type { Spent } from './world.ts';

const INTRINSIC = 21_000;
const ECRECOVER = 3_000;
/** The first touch of a word, and of another contract (EIP-2929). */
const [COLD_WORD, COLD_ACCOUNT] = [2_100, 2_600];
/** A word's write after its first touch: from zero, and from anything else. */
const [NEW_WORD, CHANGED_WORD] = [20_000, 2_900];
const [LOG, LOG_TOPIC, LOG_BYTE] = [375, 375, 8];

interface Account {
  code?: Hex;
  storage?: Record<Hex, Hex>;
}
type Accounts = Record<Hex, Account>;

/** Gas of the parts. */
export interface Floor {
  intrinsic: number;
  /** 4 a zero byte, 16 any other. */
  calldata: number;
  signatures: number;
  /** Each word touched once, and each changed word written once. */
  storage: number;
  /** Each contract called, found once. */
  contracts: number;
  logs: number;
  sum: number;
  /** What EIP-7623 takes at least: 21,000 and 10 or 40 a byte. */
  eip7623: number;
  zeroBytes: number;
  otherBytes: number;
}

/** Reads the parts off the transaction. @param signatures how many are recovered */
export async function floorOf(chain: TestChain, spent: Spent, signatures: number): Promise<Floor> {
  const tracer = 'prestateTracer';
  const touched = await chain.rpc<Accounts>('debug_traceTransaction', [spent.hash, { tracer }]);
  const changed = await chain.rpc<{ pre: Accounts; post: Accounts }>('debug_traceTransaction', [
    spent.hash,
    { tracer, tracerConfig: { diffMode: true } },
  ]);
  const bytes = (spent.data.slice(2).match(/../g) ?? []).map((byte) => byte !== '00');
  const otherBytes = bytes.filter(Boolean).length;
  const zeroBytes = bytes.length - otherBytes;
  const parts = {
    intrinsic: INTRINSIC,
    calldata: 4 * zeroBytes + 16 * otherBytes,
    signatures: ECRECOVER * signatures,
    storage: storageOf(touched, changed.pre, changed.post),
    // The one that is called is in the intrinsic gas.
    contracts: COLD_ACCOUNT * (Object.values(touched).filter(({ code }) => code !== undefined).length - 1),
    logs: await logsOf(chain, spent.hash),
  };
  return {
    ...parts,
    sum: Object.values(parts).reduce((total, part) => total + part, 0),
    eip7623: INTRINSIC + 10 * zeroBytes + 40 * otherBytes,
    zeroBytes,
    otherBytes,
  };
}

function storageOf(touched: Accounts, pre: Accounts, post: Accounts): number {
  const words = (accounts: Accounts) =>
    Object.entries(accounts).flatMap(([account, { storage = {} }]) =>
      Object.entries(storage).map(([slot, value]) => ({ key: `${account}${slot}`, value: BigInt(value) })),
    );
  const before = new Map(words(pre).map(({ key, value }) => [key, value]));
  const after = new Map(words(post).map(({ key, value }) => [key, value]));
  const written = new Set([...before.keys(), ...after.keys()]);
  const all = new Set([...words(touched).map(({ key }) => key), ...written]);
  let gas = COLD_WORD * all.size;
  for (const key of written) gas += (before.get(key) ?? 0n) === 0n ? NEW_WORD : CHANGED_WORD;
  return gas;
}

async function logsOf(chain: TestChain, hash: Hex): Promise<number> {
  const { logs } = await chain.rpc<{ logs: { topics: Hex[]; data: Hex }[] }>('eth_getTransactionReceipt', [
    hash,
  ]);
  return logs.reduce(
    (gas, { topics, data }) => gas + LOG + LOG_TOPIC * topics.length + (LOG_BYTE * (data.length - 2)) / 2,
    0,
  );
}

/** The same for each of `count` leases or matches. */
export function perItem(floor: Floor, count: number): Floor {
  const each = { ...floor };
  for (const part of Object.keys(each) as (keyof Floor)[]) each[part] = Math.round(each[part] / count);
  return each;
}
