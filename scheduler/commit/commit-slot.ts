import type { JsonRpcProvider } from 'ethers';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import { auctionInterface, headerCall, pageCalls, skippedIn } from './slot-calls.ts';
import type { Mined, TransactionManager } from './transaction-manager.ts';

/** How a slot ended on the chain. `note` says what went another way than planned. */
export type SlotCommit =
  | { state: 'abandoned'; note: string }
  | {
      state: 'committed';
      note: string | null;
      skipped: { orderId: Hex; askId: Hex; reason: string }[];
      gas: { header: bigint; pages: bigint };
    };

export interface SlotCommitInput {
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  auction: Hex;
  cleared: ClearedSlot;
}

const OTHER_CONTENTS = 'the chain has this slot with other contents';
const NO_GAS = { header: 0n, pages: 0n };

/** Pages that the chain has of a slot; null before its header. */
async function pagesOnChain(provider: JsonRpcProvider, auction: Hex, slot: bigint): Promise<number | null> {
  const data = await provider.call({
    to: auction,
    data: auctionInterface.encodeFunctionData('slotState', [slot]),
  });
  const [state] = auctionInterface.decodeFunctionResult('slotState', data) as unknown as [
    { headerHash: string; pagesCommitted: bigint },
  ];
  return BigInt(state.headerHash) === 0n ? null : Number(state.pagesCommitted);
}

/** Whether the header on the chain fixes the very result that we cleared. */
async function isOurs(input: SlotCommitInput): Promise<boolean> {
  const { provider, auction, cleared } = input;
  const topics = auctionInterface.encodeFilterTopics('SlotCommitted', [cleared.header.slot]);
  const logs = await provider.getLogs({
    address: auction,
    topics,
    fromBlock: cleared.header.closeBlock,
    toBlock: 'latest',
  });
  const parsed = logs[0] === undefined ? null : auctionInterface.parseLog(logs[0]);
  const header = parsed?.args['header'] as
    { inputsHash: string; ordersRoot: string; asksRoot: string } | undefined;
  const { inputsHash, ordersRoot, asksRoot } = cleared.header;
  return (
    header?.inputsHash === inputsHash && header.ordersRoot === ordersRoot && header.asksRoot === asksRoot
  );
}

const words = (mined: Mined): string =>
  `${mined.effect} reverted: ${mined.reverted?.name}(${mined.reverted?.args.join(', ')})`;

/** Sends the header and the pages, all before waiting for any, and reads what the contract made of them. */
export async function commitSlot(input: SlotCommitInput): Promise<SlotCommit> {
  const { provider, transactions, auction, cleared } = input;
  const { slot } = cleared.header;
  const header = headerCall(auction, cleared);
  const pages = pageCalls(auction, cleared);

  let calls = [header, ...pages];
  const [stored, present] = await Promise.all([
    transactions.has(header.effect),
    pagesOnChain(provider, auction, slot),
  ]);
  if (!stored && present !== null) {
    // Nothing of ours is stored, so what the chain has came from a database that is gone.
    if (!(await isOurs(input))) return { state: 'committed', note: OTHER_CONTENTS, skipped: [], gas: NO_GAS };
    calls = pages.slice(present);
  }

  const mined = await transactions.send(calls);
  const headerMined = mined.find((result) => result.effect === header.effect);
  if (headerMined?.reverted) {
    const taken = headerMined.reverted.name === 'SlotAlreadyCommitted' && (await isOurs(input));
    if (!taken) return { state: 'abandoned', note: words(headerMined) };
  }
  const pagesMined = mined.filter((result) => result !== headerMined);
  const failed = pagesMined.filter((result) => result.reverted !== null);
  return {
    state: 'committed',
    note: failed.length > 0 ? failed.map(words).join('; ') : null,
    skipped: pagesMined.flatMap(skippedIn),
    gas: {
      header: headerMined?.gasUsed ?? 0n,
      pages: pagesMined.reduce((sum, result) => sum + result.gasUsed, 0n),
    },
  };
}
