/** What a transaction's gas consists of: what no program saves (calldata, signatures, storage, logs), and the rest. */
import type { TestChain } from '../../test/support/chain.ts';
import type { Spent } from './world.ts';

const INTRINSIC = 21_000;
const ECRECOVER = 3_000;

interface Step {
  op: string;
  gasCost: number;
}

/** Gas of the parts; their sum is what the operation costs whoever writes the code. */
export interface Floor {
  intrinsic: number;
  /** 4 a zero byte, 16 any other. */
  calldata: number;
  signatures: number;
  storage: number;
  logs: number;
  /** Of all parts. */
  sum: number;
  /** What EIP-7623 takes at least: 21,000 and 10 or 40 a byte. */
  eip7623: number;
  zeroBytes: number;
  otherBytes: number;
}

/** Reads the parts off the transaction's trace. @param signatures how many are recovered */
export async function floorOf(chain: TestChain, spent: Spent, signatures: number): Promise<Floor> {
  const options = { disableStack: true, disableStorage: true, enableMemory: false, enableReturnData: false };
  const trace = await chain.rpc<{ structLogs: Step[] }>('debug_traceTransaction', [spent.hash, options]);
  const { storage, logs } = partsOf(trace.structLogs);
  const bytes = (spent.data.slice(2).match(/../g) ?? []).map((byte) => byte !== '00');
  const otherBytes = bytes.filter(Boolean).length;
  const zeroBytes = bytes.length - otherBytes;
  const parts = {
    intrinsic: INTRINSIC,
    calldata: 4 * zeroBytes + 16 * otherBytes,
    signatures: ECRECOVER * signatures,
    storage,
    logs,
  };
  return {
    ...parts,
    sum: Object.values(parts).reduce((total, part) => total + part, 0),
    eip7623: INTRINSIC + 10 * zeroBytes + 40 * otherBytes,
    zeroBytes,
    otherBytes,
  };
}

function partsOf(steps: readonly Step[]): { storage: number; logs: number } {
  const sum = (op: RegExp): number =>
    steps.reduce((total, step) => (op.test(step.op) ? total + step.gasCost : total), 0);
  return { storage: sum(/^(SLOAD|SSTORE|TLOAD|TSTORE)$/), logs: sum(/^LOG/) };
}

/** The same for each of `count` leases or matches. */
export function perItem(floor: Floor, count: number): Floor {
  const each = Object.entries(floor).map(([part, gas]) => [part, Math.round(Number(gas) / count)]);
  return Object.fromEntries(each) as unknown as Floor;
}
