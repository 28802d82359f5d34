import { Interface, type InterfaceAbi, type JsonRpcProvider } from 'ethers';
import type { Hex } from '../../domain/types.ts';

/** Why a mined transaction did nothing: the custom error with its arguments, or a word for what had none. */
export interface Revert {
  name: string;
  args: string[];
}

/** Finds the custom error of a reverted transaction. */
export type RevertDecoder = (transaction: {
  hash: Hex;
  from: Hex;
  to: Hex;
  data: Hex;
  blockNumber: number;
  outOfGas: boolean;
}) => Promise<Revert>;

/** The node's own word and the return data in an ethers error, wherever this version of ethers put it. */
export function rpcError(error: unknown): { message: string; data: string | null } {
  const seen = new Set<unknown>();
  let message = error instanceof Error ? error.message : String(error);
  let data: string | null = null;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const record = value as Record<string, unknown>;
    if (typeof record['data'] === 'string' && record['data'].startsWith('0x')) data ??= record['data'];
    if (typeof record['message'] === 'string' && !(value instanceof Error)) message = record['message'];
    for (const key of ['info', 'error', 'data']) visit(record[key]);
  };
  visit(error);
  return { message, data };
}

/** @param abis every ABI whose errors may come back */
export function createRevertDecoder(provider: JsonRpcProvider, abis: readonly InterfaceAbi[]): RevertDecoder {
  const interfaces = abis.map((abi) => new Interface(abi));

  const decode = (data: string): Revert => {
    for (const candidate of interfaces) {
      const parsed = data.length >= 10 ? candidate.parseError(data) : null;
      if (parsed !== null) return { name: parsed.name, args: parsed.args.map(String) };
    }
    return { name: data === '0x' ? 'NO_REASON' : 'UNKNOWN_ERROR', args: data === '0x' ? [] : [data] };
  };

  /** The trace has the very error; a call on the state before the block is the fallback of nodes without traces. */
  const returnData = async (transaction: {
    hash: Hex;
    from: Hex;
    to: Hex;
    data: Hex;
    blockNumber: number;
  }): Promise<string> => {
    try {
      const options = { tracer: 'callTracer', tracerConfig: { onlyTopCall: true } };
      const trace: unknown = await provider.send('debug_traceTransaction', [transaction.hash, options]);
      if (
        typeof trace === 'object' &&
        trace !== null &&
        'output' in trace &&
        typeof trace.output === 'string'
      )
        return trace.output;
    } catch {
      // No tracing at this node.
    }
    try {
      const { from, to, data } = transaction;
      await provider.send('eth_call', [
        { from, to, data },
        `0x${(transaction.blockNumber - 1).toString(16)}`,
      ]);
      return '0x';
    } catch (error) {
      return rpcError(error).data ?? '0x';
    }
  };

  return async (transaction) => {
    const data = await returnData(transaction);
    return data === '0x' && transaction.outOfGas ? { name: 'OUT_OF_GAS', args: [] } : decode(data);
  };
}
