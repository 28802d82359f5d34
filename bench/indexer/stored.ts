/** A long history straight into our tables, as the indexer would have stored it: what a replay reads. */
import { keccakText } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';
import type { Header } from '../../indexer/chain/header.ts';
import { allRows } from '../../indexer/fold/history.ts';
import { emptyLedger } from '../../indexer/fold/ledger.ts';
import type { StoredChainEvent } from '../../indexer/store/events.ts';
import { openStore } from '../../indexer/store/store.ts';
import { random as seeded } from '../bench.ts';
import { ACCOUNTS, EVENTS_PER_BLOCK, type Ground } from './ground.ts';

/** Blocks that one transaction stores. */
const AT_ONCE = 50;

export async function storeHistory(
  ground: Ground,
  databaseUrl: string,
  events: number,
  seed: number,
): Promise<void> {
  const random = seeded(seed);
  const { treasury, parameters, chainId, auction } = ground.deployment;
  const changes = allRows(emptyLedger({ treasury, feeBps: parameters.feeBps }));
  const genesis = await ground.chain.rpc<{ hash: Hex }>('eth_getBlockByNumber', ['0x0', false]);
  const store = await openStore(databaseUrl);
  await store.claim({ chainId, genesisHash: genesis.hash, auction });
  // Rows of other code: they are made anew when the indexer starts.
  await store.state();
  let after: Header | null = null;
  for (let block = 1; block <= events / EVENTS_PER_BLOCK; block += AT_ONCE) {
    const headers = Array.from({ length: AT_ONCE }, (_, index) => headerOf(block + index));
    const stored = headers.flatMap((header) => eventsOf(header, random));
    await store.write({ after, headers, events: stored, changes });
    after = headers.at(-1)!;
  }
  await store.close();
}

function headerOf(number: number): Header {
  const hash = keccakText(String(number));
  return {
    number: BigInt(number),
    hash,
    parentHash: keccakText(String(number - 1)),
    timestamp: BigInt(number),
  };
}

function eventsOf(header: Header, random: () => number): StoredChainEvent[] {
  const account = (): string =>
    `0xacc${Math.floor(random() * ACCOUNTS)
      .toString(16)
      .padStart(37, '0')}`;
  return Array.from({ length: EVENTS_PER_BLOCK }, (_, logIndex) => ({
    blockNumber: header.number,
    blockHash: header.hash,
    logIndex,
    txHash: header.parentHash,
    contract: 'vault',
    name: 'Distributed',
    args: { account: account(), to: account(), amount: BigInt(Math.floor(random() * 1e9)) },
  }));
}
