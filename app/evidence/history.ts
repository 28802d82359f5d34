import type { PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { CONTRACTS, decodeLog } from '../../contracts/events.ts';
import type { BlockFact } from '../../domain/evidence.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import { emptyMarket, type MarketState } from '../../domain/market-state.ts';
import { decodeRecords, type PageRecord } from '../../domain/page.ts';
import type { Hex, MarketEvent, SlotHeader } from '../../domain/types.ts';

/** Blocks per request for logs: what public nodes allow at least. */
const LOG_RANGE = 2_000n;

interface Header {
  header: SlotHeader;
  scheduler: Hex;
  blockNumber: bigint;
}

interface Page {
  page: number;
  root: Hex;
  records: PageRecord[];
  txHash: Hex;
  blockNumber: bigint;
}

/** The market's events as the chain tells them, held in memory and folded to any block. */
export function createHistory(client: PublicClient, deployment: Deployment) {
  const addresses = CONTRACTS.map((name) => deployment[name]);
  let events: MarketEvent[] = [];
  let headers = new Map<bigint, Header>();
  let pages = new Map<bigint, Page[]>();
  let tip: BlockFact | null = null;
  let atClose = createFold();
  let atTip = createFold();

  function createFold() {
    return { state: emptyMarket(deployment.treasury, deployment.parameters.feeBps), applied: 0 };
  }

  const reset = (): void => {
    events = [];
    headers = new Map();
    pages = new Map();
    tip = null;
    atClose = createFold();
    atTip = createFold();
  };

  /** Both in one request, so that one node answers both: one that lags gives no logs of blocks that it lacks, and no error. */
  const read = async (fromBlock: bigint, toBlock: bigint): Promise<void> => {
    const [logs] = await Promise.all([
      client.getLogs({ address: addresses, fromBlock, toBlock }),
      client.getBlock({ blockNumber: toBlock }),
    ]);
    for (const log of logs) {
      const event = decodeLog(deployment, log);
      if (event === null) continue;
      events.push(event);
      if (event.name === 'SlotCommitted') {
        headers.set(event.args.slot as bigint, {
          header: event.args.header as SlotHeader,
          scheduler: event.args.scheduler as Hex,
          blockNumber: event.blockNumber,
        });
      }
      if (event.name === 'PageCommitted') {
        const slot = event.args.slot as bigint;
        const args = event.args as { page: number; matchRoot: Hex; accounts: Hex; records: Hex };
        const list = pages.get(slot) ?? [];
        list.push({
          page: args.page,
          root: args.matchRoot,
          records: decodeRecords(args.accounts, args.records),
          txHash: log.transactionHash,
          blockNumber: event.blockNumber,
        });
        pages.set(slot, list);
      }
    }
  };

  /** How many events stand in blocks up to `block`. */
  const countTo = (block: bigint): number => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.blockNumber ?? 0n) <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const advance = (fold: { state: MarketState; applied: number }, count: number): MarketState => {
    for (const event of events.slice(fold.applied, count)) applyEvent(fold.state, event);
    fold.applied = count;
    return fold.state;
  };

  return {
    /** Reads what the chain has gained; starts anew when the chain took back the block that was read last. */
    async sync(): Promise<void> {
      const head = await client.getBlock({ blockTag: 'latest' });
      if (tip !== null && tip.number === head.number && tip.hash === head.hash) return;
      if (tip !== null) {
        const same = tip.number > head.number ? null : await client.getBlock({ blockNumber: tip.number });
        if (same?.hash !== tip.hash) reset();
      }
      let from = tip === null ? BigInt(deployment.deployBlock) : tip.number + 1n;
      try {
        for (; from <= head.number; from += LOG_RANGE) {
          const last = from + LOG_RANGE - 1n;
          await read(from, last < head.number ? last : head.number);
        }
      } catch (error) {
        // Half-read blocks would be read twice.
        reset();
        throw error;
      }
      tip = { number: head.number, hash: head.hash, timestamp: head.timestamp };
    },

    /** The newest block that was read; null before the first. */
    head: (): BlockFact | null => tip,
    /** Ascending by slot, as far as they were read. */
    headers: (): Header[] => [...headers.values()].sort((a, b) => (a.header.slot < b.header.slot ? -1 : 1)),
    headerOf: (slot: bigint): Header | null => headers.get(slot) ?? null,
    pagesOf: (slot: bigint): Page[] => pages.get(slot) ?? [],

    /** Block of the slot's last page so far, or of its header. */
    lastPageBlock(slot: bigint): bigint {
      return pages.get(slot)?.at(-1)?.blockNumber ?? headers.get(slot)?.blockNumber ?? 0n;
    },

    /** The market after the last event of `block`. */
    stateAt(block: bigint): MarketState {
      const count = countTo(block);
      if (count < atClose.applied) atClose = createFold();
      return advance(atClose, count);
    },

    stateNow: (): MarketState => advance(atTip, events.length),

    /** Events after block `after`, up to block `last`. */
    eventsBetween: (after: bigint, last: bigint): MarketEvent[] =>
      events.slice(countTo(after), countTo(last)),
  };
}
