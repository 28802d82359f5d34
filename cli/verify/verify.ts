/** `cardhour verify`: slots replayed from their published inputs, judged against nothing but the chain. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEvidence, type CommittedSlot, type EvidenceSource } from '../../app/evidence/evidence.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { slotEnd } from '../../domain/parameters.ts';
import type { Hex, Receipt } from '../../domain/types.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';
import type { Progress } from '../progress.ts';
import type { SlotRange, VerifyOptions } from './flags.ts';
import { openInputs, saveInputs, type ReadInputs } from './inputs.ts';
import { checkChain, deploymentOf, unreachable } from './market.ts';
import { readReceipt } from './receipt.ts';
import { CSV_HEADER, linesOf } from './report.ts';
import { openSigners } from './signers.ts';

/** Where the verifier says what. */
export interface VerifyOutput {
  /** A line of the report. */
  print: (line: string) => void;
  /** A word beside the report. */
  say: (sentence: string) => void;
  progress: Progress;
}

/**
 * Called for every slot of which not all rules hold, before the next one is looked at: the states in the evidence are shared and hold
 * until it returns. What it throws is said and stops nothing.
 */
export type OnWrong = (evidence: SlotEvidence, results: readonly RuleResult[]) => Promise<void>;

export interface Watch {
  onWrong?: OnWrong;
  /** Ends `follow`. */
  signal?: AbortSignal;
  /** Between two looks at the chain, ms. */
  pollMs?: number;
}

/** A slot whose inputs nobody hands out is looked at again so often before `follow` says so. */
const PATIENCE = 5;

/** Prints the results of each slot; the exit code is 1 when any rule of any slot fails or could not be checked. */
export async function verify(
  options: VerifyOptions,
  output: VerifyOutput,
  watch: Watch = {},
): Promise<number> {
  const deployment = await deploymentOf(options, output.say);
  await checkChain(options.rpcUrl, deployment);
  const named = options.slots?.from === options.slots?.to ? (options.slots?.from ?? null) : null;
  const receipt = options.receiptFile === undefined ? null : await readReceipt(options.receiptFile, named);
  const verifier = new Verifier(options, deployment, output, watch, receipt);
  if (options.format === 'csv') output.print(CSV_HEADER);
  const range = receipt === null ? options.slots : { from: receipt.slot, to: receipt.slot };
  try {
    if (range !== null) await verifier.range(range);
    if (options.follow) await verifier.follow();
  } catch (error) {
    throw isRpcFailure(error) ? unreachable(options.rpcUrl, error) : error;
  }
  return verifier.failed > 0 ? 1 : 0;
}

type SlotToJudge = Pick<CommittedSlot, 'slot'> & { inputsHash: Hex | null; seed: Hex | null };

class Verifier {
  failed = 0;
  readonly #options: VerifyOptions;
  readonly #deployment: Deployment;
  readonly #output: VerifyOutput;
  readonly #watch: Watch;
  readonly #receipt: (Receipt & { signature: Hex }) | null;
  readonly #source: EvidenceSource;
  readonly #inputs: ReadInputs;
  /** Seeds of the slots that need no further look, by slot. */
  readonly #seen = new Map<bigint, Hex | null>();

  constructor(
    options: VerifyOptions,
    deployment: Deployment,
    output: VerifyOutput,
    watch: Watch,
    receipt: (Receipt & { signature: Hex }) | null,
  ) {
    this.#options = options;
    this.#deployment = deployment;
    this.#output = output;
    this.#watch = watch;
    this.#receipt = receipt;
    this.#source = createEvidence({ rpcUrl: options.rpcUrl, deployment, recover: openSigners().recover });
    this.#inputs = openInputs(options.inputs, output.say);
  }

  async range({ from, to }: SlotRange): Promise<void> {
    const { progress, print, say } = this.#output;
    const all = await this.#source.slots();
    // Of all slots, those that are over: the newest may be half committed.
    const slots: SlotToJudge[] = all.filter((slot) =>
      to === null ? this.#isOver(slot) : slot.slot >= from && slot.slot <= to,
    );
    // A slot that is named, and a range whose end the node has not seen, can't pass by being absent.
    const due = to === null ? 0n : slotEnd(to, this.#deployment.parameters);
    const asked = from === to || (to !== null && due + this.#commitSeconds > this.#source.headTime());
    if (to !== null && asked && slots.at(-1)?.slot !== to)
      slots.push({ slot: to, inputsHash: null, seed: null });
    if (slots.length === 0)
      say('The chain has no committed slot there: slots without an order are not committed.');
    const before = this.failed;
    if (slots.length > 1) progress.start('slots', slots.length);
    for (const [index, slot] of slots.entries()) {
      await this.#judge(slot, await this.#inputs(slot.slot, slot.inputsHash));
      progress.at(index + 1);
    }
    if (slots.length > 1) progress.end();
    if (this.#options.format !== 'text' || slots.length < 2) return;
    const failed = this.failed - before;
    print(`${slots.length} slots: ${slots.length - failed} passed, ${failed} failed`);
  }

  /** Judges each slot when the last of its pages is there, or can't come any more. */
  async follow(): Promise<void> {
    const { signal, pollMs = 1_000 } = this.#watch;
    const stopped = (): boolean => signal?.aborted === true;
    const missed = new Map<bigint, number>();
    if (this.#options.slots === null)
      for (const { slot, seed } of await this.#source.slots()) this.#seen.set(slot, seed);
    this.#output.say('Following the chain. Ctrl-C ends it.');
    while (!stopped()) {
      try {
        for (const slot of await this.#source.slots()) {
          if (stopped()) break;
          if (this.#seen.get(slot.slot) === slot.seed || !this.#isOver(slot)) continue;
          const bytes = await this.#inputs(slot.slot, slot.inputsHash);
          const tries = (missed.get(slot.slot) ?? 0) + 1;
          missed.set(slot.slot, tries);
          if (bytes === null && tries < PATIENCE) continue;
          missed.delete(slot.slot);
          await this.#judge(slot, bytes);
        }
      } catch (error) {
        if (!isRpcFailure(error)) throw error;
        this.#output.say(unreachable(this.#options.rpcUrl, error).sentence);
      }
      await sleep(pollMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }

  get #commitSeconds(): bigint {
    return BigInt(this.#deployment.parameters.commitDeadlineSeconds);
  }

  #isOver({ slot, whole }: Pick<CommittedSlot, 'slot' | 'whole'>): boolean {
    const end = slotEnd(slot, this.#deployment.parameters);
    return whole || this.#source.headTime() > end + this.#commitSeconds;
  }

  async #judge({ slot, seed }: SlotToJudge, bytes: Uint8Array | null): Promise<void> {
    const { saveDir, format } = this.#options;
    if (bytes !== null && saveDir !== undefined) await saveInputs(saveDir, slot, bytes);
    const evidence = await this.#source.collect(slot, bytes, this.#receipt === null ? [] : [this.#receipt]);
    const results = verifySlot(evidence);
    this.#seen.set(slot, seed);
    for (const line of linesOf(format, slot, results)) this.#output.print(line);
    if (results.every((result) => result.ok)) return;
    this.failed++;
    try {
      await this.#watch.onWrong?.(evidence, results);
    } catch (error) {
      this.#output.say(`slot ${slot}: ${String(error)}`);
    }
  }
}

/** What viem throws when a node is silent, refuses, or answers what is no answer. */
function isRpcFailure(error: unknown): boolean {
  return error instanceof Error && 'shortMessage' in error;
}
