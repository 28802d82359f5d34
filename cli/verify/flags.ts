/** What stands behind `cardhour verify` on the command line, read once. */
import { Refusal } from '../../domain/refusal.ts';

export interface VerifyFlags {
  slot?: string;
  range?: string;
  all?: boolean;
  api: string;
  rpc: string;
  inputs?: string;
  deployment?: string;
  receipt?: string;
  save?: string;
  follow?: boolean;
  challenge?: boolean;
  /** File with the challenger's key. */
  key?: string;
  json?: boolean;
  csv?: boolean;
}

/** Slots to verify, both ends included; `to` null: whatever the chain has. */
export interface SlotRange {
  from: bigint;
  to: bigint | null;
}

export interface VerifyOptions {
  /** Null with `follow` alone: only slots that come from now on. */
  slots: SlotRange | null;
  /** Go on with each slot that is committed, until `signal`. */
  follow: boolean;
  apiUrl: string;
  rpcUrl: string;
  /** Who hands out the inputs: a market's URL, a mirror's, or a mirror's folder. */
  inputs: string;
  /** File with the contracts' addresses; absent: the usual one, or asked from the API, which is said. */
  deploymentFile?: string;
  /** File with a receipt that must stand in the slot. */
  receiptFile?: string;
  /** Folder to mirror the inputs in. */
  saveDir?: string;
  format: 'text' | 'json' | 'csv';
}

/** @throws Refusal when the flags contradict each other or are none */
export function readFlags(flags: VerifyFlags): VerifyOptions {
  const named = [flags.slot, flags.range, flags.all].filter((flag) => flag !== undefined).length;
  if (named > 1 || (named === 0 && flags.follow !== true && flags.receipt === undefined))
    throw wrong('Which slots?', 'Pass one of --slot N, --range A..B and --all, or --follow.');
  if (flags.json === true && flags.csv === true)
    throw wrong('--json and --csv are two formats.', 'Pass one of them.');
  if (flags.receipt !== undefined && (flags.follow === true || named > 0) && flags.slot === undefined)
    throw wrong('A receipt is of one slot.', 'Pass --receipt FILE with --slot N, or alone.');
  return {
    slots: slotsOf(flags),
    follow: flags.follow === true,
    apiUrl: flags.api,
    rpcUrl: flags.rpc,
    inputs: flags.inputs ?? flags.api,
    format: flags.json === true ? 'json' : flags.csv === true ? 'csv' : 'text',
    ...(flags.deployment === undefined ? {} : { deploymentFile: flags.deployment }),
    ...(flags.receipt === undefined ? {} : { receiptFile: flags.receipt }),
    ...(flags.save === undefined ? {} : { saveDir: flags.save }),
  };
}

function slotsOf({ slot, range, all }: VerifyFlags): SlotRange | null {
  if (all === true) return { from: 0n, to: null };
  if (slot !== undefined) {
    if (!/^\d{1,18}$/.test(slot)) throw wrong(`'${slot}' is no slot number.`, 'Pass --slot N.');
    return { from: BigInt(slot), to: BigInt(slot) };
  }
  if (range === undefined) return null;
  const [, first, last] = /^(\d{1,18})\.\.(\d{1,18})$/.exec(range) ?? [];
  if (first === undefined || last === undefined || BigInt(first) > BigInt(last))
    throw wrong(`'${range}' is no range of slots.`, 'Pass --range A..B with A up to B.');
  return { from: BigInt(first), to: BigInt(last) };
}

function wrong(sentence: string, fix: string): Refusal {
  return new Refusal('ENVIRONMENT', sentence, fix);
}
