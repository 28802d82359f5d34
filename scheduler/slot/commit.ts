import type pg from 'pg';
import type { JsonRpcProvider } from 'ethers';
import type { Deployment } from '../../contracts/deployment.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { commitSlot, type SlotCommit } from '../commit/commit-slot.ts';
import { headerEffect, type SkippedMatch } from '../commit/slot-calls.ts';
import type { SlotReader } from '../commit/slot-on-chain.ts';
import type { TransactionManager } from '../commit/transaction-manager.ts';
import {
  isStale,
  markAbandoned,
  markCommitted,
  markConfirmed,
  markLost,
  markRetrying,
  openBefore,
  readPlan,
  readSlotRun,
  unconfirmedBefore,
  type SlotRun,
  type UnfinishedSlot,
} from '../slot-run.ts';
import type { StepListener } from '../steps.ts';

/** Where a slot stands after the look at it. */
export type CommitResult =
  | {
      state: 'committed';
      matched: number;
      unmatched: number;
      /** Matches that the contract refused. */
      skipped: SkippedMatch[];
      /** Of the header and of all pages; 0 when another run paid. */
      gas: { header: bigint; pages: bigint };
    }
  | { state: 'abandoned'; why: string }
  /** It is to be cleared (anew). */
  | { state: 'open' }
  /** An earlier slot comes first. */
  | { state: 'waiting'; on: UnfinishedSlot };

export interface CommitOptions {
  pool: pg.Pool;
  provider: JsonRpcProvider;
  deployment: Deployment;
  chain: SlotReader;
  transactions: TransactionManager;
  /** Slots before this one that may still change. */
  openSlots: bigint;
}

const OTHER_CONTENTS = 'the chain has this slot with other contents';
/** A slot whose contents the chain has from a database that is gone: clearing it anew twice does not make it ours. */
const MOST_TAKEN = 3;

/** The second job of a slot: sees what was published into the chain, or says why that can't be. */
export function createCommit(options: CommitOptions) {
  const { pool, provider, deployment, chain, transactions, openSlots } = options;
  const { parameters, auction } = deployment;

  const committed = (
    run: SlotRun,
    skipped: SkippedMatch[],
    gas = { header: 0n, pages: 0n },
  ): CommitResult => {
    const { matched, unmatched } = run;
    return { state: 'committed', matched, unmatched, skipped, gas };
  };

  const retry = async (slot: bigint, { attempt }: SlotRun, why: string): Promise<CommitResult> => {
    await markRetrying(pool, slot, attempt, why);
    return { state: 'open' };
  };

  const giveUp = async (
    slot: bigint,
    { attempt }: SlotRun,
    why: string,
    pages = 0,
  ): Promise<CommitResult> => {
    await markAbandoned(pool, slot, attempt, why, pages);
    return { state: 'abandoned', why };
  };

  const isLate = async (slot: bigint): Promise<boolean> => {
    const block = await provider.getBlock('latest');
    const deadline = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
    return BigInt(block?.timestamp ?? 0) > deadline;
  };

  /**
   * The contract takes this slot although the one that it was cleared on is gone, when that one is past its deadline: so nothing of
   * it is signed before all earlier ones stand.
   */
  const noteLost = async (slot: bigint): Promise<void> => {
    const earlier = await unconfirmedBefore(pool, slot, openSlots);
    const look = async ({ attempt, header }: (typeof earlier)[number]): Promise<void> => {
      if (!(await chain.read(header)).whole) await markLost(pool, header.slot, attempt);
    };
    await Promise.all(earlier.map(look));
  };

  const finish = async (slot: bigint, run: SlotRun, commit: SlotCommit): Promise<CommitResult> => {
    switch (commit.state) {
      case 'committed':
        await markCommitted(pool, slot, run.attempt, commit.skipped, null);
        return committed(run, commit.skipped, commit.gas);
      case 'cut':
        return giveUp(slot, run, commit.why, commit.pages);
      case 'taken':
        if (run.attempt < MOST_TAKEN) return retry(slot, run, OTHER_CONTENTS);
        await markCommitted(pool, slot, run.attempt, [], OTHER_CONTENTS);
        await markConfirmed(pool, slot, run.attempt);
        return committed(run, []);
      case 'refused':
        return commit.forGood || (await isLate(slot))
          ? giveUp(slot, run, commit.why)
          : retry(slot, run, commit.why);
    }
  };

  return async (slot: bigint, onStep: StepListener): Promise<CommitResult> => {
    onStep('committing', slot);
    const run = await readSlotRun(pool, slot);
    if (run === null || run.state === 'retrying') return { state: 'open' };
    if (run.state === 'committed') return committed(run, []);
    if (run.state === 'abandoned') return { state: 'abandoned', why: run.error ?? '' };
    await noteLost(slot);
    const earlier = await openBefore(pool, slot, openSlots);
    if (earlier !== null) return { state: 'waiting', on: earlier };
    if (await isStale(pool, slot, openSlots))
      return retry(slot, run, 'an earlier slot has ended otherwise since');
    if (!(await transactions.has(headerEffect(slot, run.attempt))) && (await isLate(slot)))
      return giveUp(slot, run, 'not sent before its deadline');
    const plan = await readPlan(pool, slot, run);
    const commit = await commitSlot({ chain, transactions, auction, plan, attempt: run.attempt });
    const result = await finish(slot, run, commit);
    onStep('committed', slot);
    return result;
  };
}
