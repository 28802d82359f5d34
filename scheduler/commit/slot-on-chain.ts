import type { JsonRpcProvider } from 'ethers';
import type { Hex, SlotHeader } from '../../domain/types.ts';
import { auctionInterface, headerHash, skippedIn, type SkippedMatch } from './slot-calls.ts';

/** How far the chain has a slot that we cleared. */
export interface SlotOnChain {
  /** `none` before a header; `other` when the header is not the one that we cleared. */
  header: 'none' | 'ours' | 'other';
  pages: number;
  /** Ours, with all its pages. */
  whole: boolean;
}

/** What the Auction has of a slot. */
export interface SlotReader {
  /** @param blockNumber absent: the latest block */
  read(header: SlotHeader, blockNumber?: number): Promise<SlotOnChain>;
  /** Matches that the contract refused. */
  skipped(header: SlotHeader): Promise<SkippedMatch[]>;
}

export function createSlotReader(provider: JsonRpcProvider, auction: Hex): SlotReader {
  return {
    async read(header, blockNumber) {
      const data = await provider.call({
        to: auction,
        data: auctionInterface.encodeFunctionData('slotState', [header.slot]),
        ...(blockNumber === undefined ? {} : { blockTag: blockNumber }),
      });
      const [state] = auctionInterface.decodeFunctionResult('slotState', data) as unknown as [
        { headerHash: Hex; pagesCommitted: bigint },
      ];
      const pages = Number(state.pagesCommitted);
      if (BigInt(state.headerHash) === 0n) return { header: 'none', pages, whole: false };
      const ours = state.headerHash === headerHash(header);
      return { header: ours ? 'ours' : 'other', pages, whole: ours && pages === header.pageCount };
    },

    async skipped(header) {
      const topics = auctionInterface.encodeFilterTopics('PageCommitted', [header.slot]);
      const fromBlock = header.closeBlock;
      return skippedIn(await provider.getLogs({ address: auction, topics, fromBlock, toBlock: 'latest' }));
    },
  };
}
