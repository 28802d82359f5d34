import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as abis from '../../contracts/generated/abi.ts';
import { leaseRoot } from '../../domain/lease-page.ts';
import { EVENT_NAMES } from '../../domain/market-fold.ts';
import { scoreAt } from '../../domain/reputation.ts';
import type { Hex } from '../../domain/types.ts';
import { account } from '../support/chain.ts';
import { BIDDER, BUYER, LEAVER, PROVIDER, SCHEDULER } from './actors.ts';
import { MONITORS, tradeOneDay } from './day.ts';
import { refOf } from '../support/leases.ts';
import { readTables } from '../support/tables.ts';
import { setup } from './setup.ts';
import type { Tables } from '../support/tables.ts';

let world: Awaited<ReturnType<typeof setup>>;
/** Answers of claims and what they show: they move no more than `Slashed` says, and the contracts' own tests make them. */
const UNSEEN = ['AskShown', 'ClaimAnswered', 'ClaimRefuted', 'OrderShown', 'SoldTwice'];

let tables: Tables;
let cluster: Hex;

beforeAll(async () => {
  world = await setup();
  cluster = await tradeOneDay(world.chain, world.deployment, world.actors);
  tables = await world.freshTables();
});
afterAll(() => world.teardown());

describe('after a day of trade', () => {
  test('every event that moves the market was seen', () => {
    const seen = new Set(rows<{ name: string }>('chain_event').map((row) => row.name));
    expect(EVENT_NAMES.filter((name) => !seen.has(name)).toSorted()).toEqual(UNSEEN);
  });

  test('account rows are what the vault says', async () => {
    const { deployment, actors } = world;
    const accounts = rows<Record<string, string>>('account');
    const parties = [SCHEDULER, PROVIDER, LEAVER, BIDDER, BUYER, ...MONITORS].map(
      (index) => account(index).address,
    );
    expect(accounts.map((row) => row['address']).sort()).toEqual(
      [...parties, cluster, deployment.treasury].sort(),
    );
    for (const row of accounts) {
      const balances = await actors.client.readContract({
        address: deployment.vault,
        abi: abis.vaultAbi,
        functionName: 'balanceOf',
        args: [row['address'] as Hex],
      });
      const { available, bidding, unbidding, staked } = row;
      expect([available, bidding, unbidding, staked].map(String)).toEqual(balances.map(String));
    }
  });

  test('lease rows are what the lease book says', async () => {
    const { deployment, actors } = world;
    const leases = rows<Record<string, number | string | boolean | null>>('lease').toSorted(
      (a, b) => Number(a['id']) - Number(b['id']),
    );
    expect(leases.map((row) => [Number(row['id']) >> 8, row['slot'] === null])).toEqual([
      [1, true],
      [2, false],
      [3, true],
      [4, false],
      [5, true],
      [6, false],
      [7, true],
      [8, true],
    ]);
    for (const row of leases) {
      const ref = await refOf(world.chain.rpcUrl, deployment, BigInt(row['id'] as number));
      const [over, end] = await actors.client.readContract({
        address: deployment.leaseBook,
        abi: abis.leaseBookAbi,
        functionName: 'check',
        args: [{ ...ref, start: Number(ref.start) }],
      });
      expect(row['settled']).toBe(over);
      // What is over and left its page has no record of its end any more.
      if (row['followsPage'] === true || !over) expect(row['end']).toBe(end);
      if (!over) continue;
      const money = [row['paid'], row['fee'], row['refunded']].map((amount) => BigInt(amount as number));
      expect(money.reduce((sum, amount) => sum + amount)).toBe(BigInt(row['locked'] as number));
    }
  });

  test('page rows are what the lease book stores', async () => {
    const { deployment, actors } = world;
    const pages = rows<Record<string, string>>('page');
    expect(pages.map((row) => [row['id'], row['open']])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
      // They run at the day's end.
      [6, 1],
      [7, 1],
      [8, 1],
    ]);
    for (const { id, start, source, accounts, leases } of pages) {
      const { root } = await actors.client.readContract({
        address: deployment.leaseBook,
        abi: abis.leaseBookAbi,
        functionName: 'pageOf',
        args: [BigInt(id!)],
      });
      const page = { id: BigInt(id!), start: BigInt(start!), source: source as Hex };
      expect(leaseRoot({ ...page, accounts: accounts as Hex, leases: leases as Hex })).toBe(root);
    }
  });

  test('slot, provider, node, fill and nonce rows hold what the events said', () => {
    expect(rows('slot')).toHaveLength(3);
    expect(rows('slot').slice(0, 1)).toMatchObject([
      { scheduler: account(SCHEDULER).address, pageCount: 1, pagesCommitted: 1, matchCount: 2, skipped: 1 },
    ]);
    expect(rows('provider')).toMatchObject(
      [
        { address: account(PROVIDER).address, stake: expect.any(Number) as number, exitAt: null },
        { address: account(LEAVER).address, stake: 0, exitAt: expect.any(Number) as number },
      ].sort((a, b) => (a.address < b.address ? -1 : 1)),
    );
    expect(
      rows<{ epoch: number }>('node')
        .map((row) => row.epoch)
        .sort(),
    ).toEqual([0, 1]);
    expect(rows<{ filled: number }>('fill').map((row) => row.filled)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(
      rows<{ nonce: number }>('used_nonce')
        .map((row) => row.nonce)
        .sort(),
    ).toEqual([200, 300, 800, 900, 901, 902, 903]);
  });

  test('quote rows say what became of the money', async () => {
    const { deployment, actors } = world;
    const quotes = rows<Record<string, string | number>>('quote');
    expect(quotes.map((row) => row['outcome']).sort()).toEqual(['PROCURED', 'REFUNDED']);
    for (const { id, amount, deadline, outcome, shared, kept } of quotes) {
      const [held, , until] = await actors.client.readContract({
        address: deployment.market,
        abi: abis.marketAbi,
        functionName: 'quoteOf',
        args: [id as Hex],
      });
      expect([held, until]).toEqual([0n, deadline]);
      const lease = rows<Record<string, string | number>>('lease').find((row) => row['sourceId'] === id);
      const went = Number(lease?.['locked'] ?? amount) + Number(shared) + Number(kept);
      expect([lease !== undefined, went]).toEqual([outcome === 'PROCURED', Number(amount)]);
    }
  });

  test('renewal rows are what the market stores, but for the word that moved on', async () => {
    const { deployment, actors } = world;
    const words = rows<Record<string, string | number>>('renewal');
    expect(words).toHaveLength(2);
    const stored = await Promise.all(
      words.map(({ leaseId }) =>
        actors.client.readContract({
          address: deployment.market,
          abi: abis.marketAbi,
          functionName: 'renewalOf',
          args: [BigInt(leaseId!)],
        }),
      ),
    );
    const [moved, stands] = stored[0]!.until === 0 ? [0, 1] : [1, 0];
    expect(stored[moved]!.until).toBe(0);
    const { node, resourceClass, maxRate, until } = stored[stands]!;
    expect(words[stands]).toMatchObject({ node, resourceClass, maxRate: Number(maxRate), until });
  });

  test('outcomes, attestations and outages are in their rows', async () => {
    const { deployment, actors } = world;
    const now = (await actors.client.getBlock()).timestamp;
    for (const row of rows<Record<string, string | number | null>>('provider')) {
      const outcomes = {
        day: row['outcomeDay'] as number,
        good: BigInt(row['good']!),
        bad: BigInt(row['bad']!),
        newGood: BigInt(row['newGood']!),
        newBad: BigInt(row['newBad']!),
      };
      for (const time of [now, now + 86_400n, now + 40n * 86_400n]) {
        const score = await actors.client.readContract({
          address: deployment.reputation,
          abi: abis.reputationAbi,
          functionName: 'scoreAt',
          args: [row['address'] as Hex, Number(time)],
        });
        expect(scoreAt(outcomes, time, deployment.parameters.minProviderStake)).toBe(score);
      }
      expect(outcomes.newGood).toBeGreaterThan(0n);
    }
    expect(rows<{ tier: number }>('node').map((row) => row.tier)).toContain(2);
    expect(rows<{ outage: number; endReason: string }>('lease').map((row) => row.outage)).toContain(3);
  });

  test('rows name the block that last changed them', async () => {
    const blocks = new Map(
      rows<{ number: number; hash: string }>('block').map((row) => [row.number, row.hash]),
    );
    const ofTables = [
      'account',
      'provider',
      'node',
      'identifier',
      'lease',
      'page',
      'slot',
      'quote',
      'renewal',
      'fill',
      'used_nonce',
      'chain_event',
    ];
    for (const row of ofTables.flatMap((name) => rows<{ blockNumber: number; blockHash: string }>(name))) {
      expect(blocks.get(row.blockNumber)).toBe(row.blockHash);
    }
    expect(blocks.size).toBe(
      Number(await world.actors.client.getBlockNumber()) - world.deployment.deployBlock + 1,
    );
  });

  test('going block by block makes the same rows as going at once', async () => {
    const url = await world.database();
    const indexer = await world.indexer(url);
    const head = await world.actors.client.getBlockNumber();
    for (let block = BigInt(world.deployment.deployBlock); block <= head; block++) {
      expect(await indexer.syncTo(block)).toBe(block);
    }
    expect(await readTables(url)).toEqual(tables);
  });

  test('starting anew between any two steps makes the same rows', async () => {
    const url = await world.database();
    const head = await world.actors.client.getBlockNumber();
    for (let block = BigInt(world.deployment.deployBlock); block < head + 7n; block += 7n) {
      const indexer = await world.indexer(url);
      await indexer.syncTo(block < head ? block : head);
    }
    expect(await readTables(url)).toEqual(tables);
  });

  test('rows that other code made, or that are missing in a table younger than the chain, are made anew', async () => {
    // One node's Y was replaced by a text that makes no identifier any more.
    const named = rows<{ id: string; y: string }>('node').filter(({ y }) => y.startsWith('GPU,'));
    expect(rows<{ node: string }>('identifier').map(({ node }) => node)).toEqual(named.map(({ id }) => id));
    expect(named).toHaveLength(1);
    expect(tables['identifier']?.[0]).toMatchObject({ chip: 'H100SXM5', region: 'CN-31', gflops: 7_912_000 });
    const url = await world.database();
    await (await world.indexer(url)).syncTo();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('TRUNCATE identifier');
    await client.query('UPDATE account SET available = 7');
    await client.query(`UPDATE index_state SET fold = 'other code'`);
    await client.end();
    await (await world.indexer(url)).syncTo();
    expect(await readTables(url)).toEqual(tables);
  });

  test('two indexers of one database write every row once', async () => {
    const url = await world.database();
    const [one, two] = [await world.indexer(url), await world.indexer(url)];
    const head = await world.actors.client.getBlockNumber();
    for (let block = BigInt(world.deployment.deployBlock); block < head + 5n; block += 5n) {
      const target = block < head ? block : head;
      await Promise.all([one.syncTo(target), two.syncTo(target)]);
    }
    expect(await readTables(url)).toEqual(tables);
  });

  test('a block beyond the head leads to the head', async () => {
    const indexer = await world.indexer(await world.database());
    const head = await world.actors.client.getBlockNumber();
    expect(await indexer.syncTo(head + 1_000n)).toBe(head);
  });
});

function rows<T = unknown>(table: string): T[] {
  return tables[table] as T[];
}
