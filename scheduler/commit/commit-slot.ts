import type { Hex } from '../../domain/types.ts';
import type { Mined } from './outcome.ts';
import { headerCall, pageCalls, type SkippedMatch, type SlotPlan } from './slot-calls.ts';
import type { SlotOnChain, SlotReader } from './slot-on-chain.ts';
import type { TransactionManager } from './transaction-manager.ts';

/** How a slot ended on the chain. */
export type SlotCommit =
  | { state: 'committed'; skipped: SkippedMatch[]; gas: { header: bigint; pages: bigint } }
  /** The contract did not take the header; `forGood` when it never will. */
  | { state: 'refused'; why: string; forGood: boolean }
  /** The header stands, but not all pages came in time: those from `pages` on are missing. */
  | { state: 'cut'; why: string; pages: number }
  /** The chain has this slot with other contents. */
  | { state: 'taken' };

export interface SlotCommitInput {
  chain: SlotReader;
  transactions: TransactionManager;
  auction: Hex;
  plan: SlotPlan;
  attempt: number;
}

/** The node's answers do not fit together: it lags, or the chain is being reorganised. The same call may succeed. */
export class ChainMoved extends Error {
  readonly retryable = true;
}

/** How often pages are sent anew after the chain refused one. */
const ROUNDS = 4;
/** Refusals that no later block takes back. */
const FOR_GOOD = ['SlotTooLate', 'SlotOutOfOrder'];

const words = (mined: Mined): string =>
  `${mined.effect} reverted: ${mined.reverted?.name}(${mined.reverted?.args.join(', ')})`;

/** Sends the header and the pages that the chain lacks, all before waiting for any, and reads what the contract made of them. */
export async function commitSlot(input: SlotCommitInput): Promise<SlotCommit> {
  const { chain, transactions, auction, plan, attempt } = input;
  const gas = { header: 0n, pages: 0n };
  const committed = async (): Promise<SlotCommit> => ({
    state: 'committed',
    skipped: await chain.skipped(plan.header),
    gas,
  });
  let why = '';
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = await chain.read(plan.header);
    if (before.whole) return committed();
    if (before.header === 'other') return { state: 'taken' };
    const calls = pageCalls(auction, plan, attempt, before.pages, round);
    if (before.header === 'none') calls.unshift(headerCall(auction, plan, attempt));

    const mined = await transactions.send(calls);
    for (const result of mined)
      gas[result.effect === calls[0]?.effect && before.header === 'none' ? 'header' : 'pages'] +=
        result.gasUsed;
    const after = await chain.read(plan.header);
    if (after.whole) return committed();
    const outcome = failureOf(mined, after);
    if (outcome !== null) return outcome;
    why = firstRevert(mined);
    if (why.includes('SlotTooLate')) return { state: 'cut', why, pages: after.pages };
  }
  throw new ChainMoved(`slot ${plan.header.slot} is not finished yet: ${why}`);
}

function firstRevert(mined: readonly Mined[]): string {
  const reverted = mined.find((result) => result.reverted !== null);
  if (reverted === undefined) throw new ChainMoved('the chain no longer has what it had mined');
  return words(reverted);
}

/** Null when the header stands and is ours. */
function failureOf(mined: readonly Mined[], after: SlotOnChain): SlotCommit | null {
  if (after.header === 'ours') return null;
  if (after.header === 'other') return { state: 'taken' };
  const name = mined[0]?.reverted?.name ?? '';
  return { state: 'refused', why: firstRevert(mined), forGood: FOR_GOOD.includes(name) };
}
