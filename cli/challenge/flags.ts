/** What the commands that send transactions have in common on the command line. */
import { Refusal } from '../../domain/refusal.ts';

export interface CommonFlags {
  slot: string;
  api: string;
  rpc: string;
  deployment?: string;
  key?: string;
}

export interface CommonOptions {
  slot: bigint;
  apiUrl: string;
  rpcUrl: string;
  deploymentFile?: string;
  /** File with the key; undefined: the environment. */
  keyFile: string | undefined;
}

/** @throws Refusal when the slot is none */
export function readCommon({ slot, api, rpc, deployment, key }: CommonFlags): CommonOptions {
  return {
    ...{ slot: wholeNumber(slot, 'slot', '--slot N'), apiUrl: api, rpcUrl: rpc, keyFile: key },
    ...(deployment === undefined ? {} : { deploymentFile: deployment }),
  };
}

export function wholeNumber(text: string, what: string, flag: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new Refusal('ENVIRONMENT', `'${text}' is no ${what} number.`, `Pass ${flag}.`);
}
