import pg from 'pg';
import type { Deployment } from '../contracts/deployment.ts';
import {
  auctionAbi,
  leaseBookAbi,
  marketAbi,
  providerRegistryAbi,
  vaultAbi,
} from '../contracts/generated/abi.ts';
import { slotEnd } from '../domain/parameters.ts';
import { createSeal } from '../domain/seal.ts';
import type { Hex } from '../domain/types.ts';
import { createBook } from './book/book.ts';
import { createChainState } from './chain-state.ts';
import type { SkippedMatch } from './commit/slot-calls.ts';
import { createSlotReader } from './commit/slot-on-chain.ts';
import { createTransactionManager } from './commit/transaction-manager.ts';
import { createRenewals } from './renewals.ts';
import { createSettlement } from './settle.ts';
import { openProvider } from './provider.ts';
import { createClear, type ClearResult } from './slot/clear.ts';
import { createCommit, type CommitResult } from './slot/commit.ts';
import { createConfirm, type ConfirmResult } from './slot/confirm.ts';
import { createInputs } from './slot/inputs.ts';
import { openBefore, unfinishedRuns, type UnfinishedSlot } from './slot-run.ts';
import type { StepListener } from './steps.ts';

export interface PipelineOptions {
  databaseUrl: string;
  rpcUrl: string;
  deployment: Deployment;
  /** Hex private key of the account that commits. */
  schedulerKey: Hex;
  /** Called after each broadcast: a replay mines its block here. */
  onBroadcast?: () => Promise<void>;
  onStep?: StepListener;
  /** Ends the wait for the indexer early. */
  signal?: AbortSignal;
  /** Milliseconds to wait for the indexer to reach the end of the slot. */
  indexerWaitMs?: number;
  /** Milliseconds between looks for a receipt. */
  pollMs?: number;
  /** Milliseconds after which a missing receipt gives up for now. */
  timeoutMs?: number;
  /** Milliseconds after which unmined transactions are sent again. */
  resendAfterMs?: number;
  /** Milliseconds after which unmined transactions get a higher fee. */
  bumpAfterMs?: number;
  /** Least seconds of chain time between two payments of a running lease; 0 pays at its end alone. */
  streamSeconds?: number;
  /** Blocks behind the head at which a slot counts as there for good. */
  confirmBlocks?: number;
}

export interface SlotReport {
  slot: bigint;
  /** `empty`: no order, nothing to commit. */
  state: 'empty' | 'committed' | 'abandoned';
  orders: number;
  asks: number;
  matched: number;
  unmatched: number;
  /** Matches that the contract refused. */
  skipped: SkippedMatch[];
  /** Of the header and of all pages; 0 when another run paid. */
  gas: { header: bigint; pages: bigint };
  /** Milliseconds of this run, by step. */
  ms: { read: number; clear: number; publish: number; commit: number };
}

/** A slot's steps. Each may run again at any point, in any process, and gives the same bytes and no second commit. */
export interface Pipeline {
  /** Reads a closed slot, clears it and publishes inputs and result. @throws IndexerBehind */
  clear(slot: bigint, onStep?: StepListener): Promise<ClearResult>;
  /** Sees a published slot into the chain. @throws TransactionPending, ChainMoved */
  commit(slot: bigint, onStep?: StepListener): Promise<CommitResult>;
  /** Looks whether a committed slot still stands, and how deep. */
  confirm(slot: bigint, onStep?: StepListener): Promise<ConfirmResult>;
  /** Clears and commits a closed slot in one go, and what is open before it. */
  runSlot(slot: bigint): Promise<SlotReport>;
  /** Reads a part of what the gateway stored since, so that little is left to read at the close; returns whether there may be more. */
  readAhead(): Promise<boolean>;
  /** Pays what is due to the providers, refunds quotes that were not procured; returns how many leases and quotes. */
  settleDue(): Promise<number>;
  /** Prolongs the open-ended leases that end soon; returns how many. */
  renewDue(): Promise<number>;
  /** Sends again whatever the chain lacks; returns how many transactions. */
  resend(): Promise<number>;
  /** The first slot before `slot` that is not at its end: no later one goes on without it. */
  firstOpen(slot: bigint): Promise<UnfinishedSlot | null>;
  /** Whether the chain's time is past the slot. */
  isClosed(slot: bigint): Promise<boolean>;
  /** Slots to go on with, ascending: what was cut off, and what missed its deadline. */
  unfinished(): Promise<UnfinishedSlot[]>;
  /** `resend`, then all that is unfinished in one go. */
  recover(): Promise<{ resent: number; abandoned: number }>;
  close(): Promise<void>;
}

const NO_GAS = { header: 0n, pages: 0n };

export function createPipeline(options: PipelineOptions): Pipeline {
  const { deployment } = options;
  const { parameters } = deployment;
  const slotSeconds = BigInt(parameters.slotSeconds);
  const deadlineSeconds = BigInt(parameters.commitDeadlineSeconds);
  /** After so many slots an earlier one is either on the chain or given up. */
  const openSlots = deadlineSeconds / slotSeconds + 2n;

  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 6 });
  // A connection that breaks while idle is replaced by the pool; the next query tells.
  pool.on('error', () => undefined);
  const provider = openProvider(options.rpcUrl, deployment.chainId);
  const transactions = createTransactionManager({
    pool,
    provider,
    chainId: deployment.chainId,
    key: options.schedulerKey,
    errorAbis: [auctionAbi, leaseBookAbi, marketAbi, vaultAbi, providerRegistryAbi],
    onBroadcast: options.onBroadcast,
    onStep: options.onStep,
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.resendAfterMs === undefined ? {} : { resendAfterMs: options.resendAfterMs }),
    ...(options.bumpAfterMs === undefined ? {} : { bumpAfterMs: options.bumpAfterMs }),
  });
  const chain = createSlotReader(provider, deployment.auction);
  const book = createBook(
    {
      domain: { chainId: deployment.chainId, auction: deployment.auction },
      seal: createSeal(options.schedulerKey),
    },
    openSlots,
  );
  const readInputs = createInputs({
    parameters,
    chainState: createChainState({ treasury: deployment.treasury, feeBps: parameters.feeBps }),
    book,
    openSlots,
    waitMs: options.indexerWaitMs ?? 10_000,
    signal: options.signal,
  });
  const clear = createClear({ pool, provider, deployment, readInputs, openSlots });
  const commit = createCommit({ pool, provider, deployment, chain, transactions, openSlots });
  const confirm = createConfirm({ pool, provider, chain, depth: options.confirmBlocks ?? 12 });
  const settlement = createSettlement({
    pool,
    provider,
    transactions,
    deployment,
    streamSeconds: options.streamSeconds ?? 300,
  });

  const renewals = createRenewals({ pool, provider, transactions, deployment });

  /** The pipeline's own listener, and the one of this call. */
  const both =
    (own: StepListener | undefined): StepListener =>
    (step, slot) => {
      own?.(step, slot);
      options.onStep?.(step, slot);
    };

  const runSlot = async (slot: bigint): Promise<SlotReport> => {
    const ms = { read: 0, clear: 0, publish: 0, commit: 0 };
    const report: SlotReport = {
      slot,
      state: 'empty',
      orders: 0,
      asks: 0,
      matched: 0,
      unmatched: 0,
      skipped: [],
      gas: NO_GAS,
      ms,
    };
    for (;;) {
      const cleared = await clear(slot, both(undefined));
      if (cleared.state === 'waiting') {
        await runSlot(cleared.on.slot);
        continue;
      }
      if (cleared.state === 'empty') return report;
      if (cleared.state !== 'published') {
        const { state, matched, unmatched } = cleared;
        return { ...report, state, matched, unmatched };
      }
      Object.assign(ms, cleared.ms);
      const { orders, asks } = cleared;
      const started = performance.now();
      const result = await commit(slot, both(undefined));
      ms.commit += performance.now() - started;
      if (result.state === 'waiting') await runSlot(result.on.slot);
      else if (result.state === 'abandoned') return { ...report, state: 'abandoned' };
      else if (result.state === 'committed') return { ...report, ...result, orders, asks };
    }
  };

  return {
    clear: (slot, onStep) => clear(slot, both(onStep)),
    commit: (slot, onStep) => commit(slot, both(onStep)),
    confirm: (slot, onStep) => confirm(slot, both(onStep)),
    runSlot,
    readAhead: () => book.readAhead(pool),

    async settleDue() {
      options.onStep?.('settling', null);
      const leases = await settlement.settleDue();
      options.onStep?.('settled', null);
      return leases;
    },

    resend: () => transactions.resume(),

    firstOpen: (slot) => openBefore(pool, slot, openSlots),

    async isClosed(slot) {
      const block = await provider.getBlock('latest');
      return BigInt(block?.timestamp ?? 0) >= slotEnd(slot, parameters);
    },

    async unfinished() {
      const block = await provider.getBlock('latest');
      const late = (BigInt(block?.timestamp ?? 0) - deadlineSeconds) / slotSeconds - 1n;
      return unfinishedRuns(pool, late);
    },

    renewDue: () => renewals.renewDue(),

    async recover() {
      const resent = await this.resend();
      let abandoned = 0;
      const failures: unknown[] = [];
      for (const { slot, state } of await this.unfinished()) {
        try {
          if (state === 'committed' && (await this.confirm(slot)) !== 'lost') continue;
          if ((await runSlot(slot)).state === 'abandoned') abandoned += 1;
        } catch (error) {
          // One slot that can't be taken up must not keep the others waiting.
          failures.push(error);
        }
      }
      if (failures.length > 0)
        throw new AggregateError(failures, `recovery failed: ${failures.map(String).join('; ')}`);
      return { resent, abandoned };
    },

    async close() {
      provider.destroy();
      await pool.end();
    },
  };
}
