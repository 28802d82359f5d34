import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeEventLog, encodeAbiParameters, encodeEventTopics, type AbiEvent } from 'viem';
import { decodeLog, decodeLogs, reviveEvent, storedArgs } from '../../contracts/events.ts';
import * as abis from '../../contracts/generated/abi.ts';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';
import { emptyLedger, foldBlock } from '../../indexer/fold/ledger.ts';
import type { LedgerEvent } from '../../indexer/fold/ledger.ts';
import type { Touched } from '../../indexer/fold/touched.ts';
import { tradeOneDay } from './day.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
let events: MarketEvent[];

beforeAll(async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
  events = decodeLogs(world.deployment, await world.actors.client.getLogs({ fromBlock: 0n }));
});
afterAll(() => world.teardown());

test('an event comes back from its row as it went in', () => {
  for (const event of events) {
    const args = JSON.parse(JSON.stringify(storedArgs(event.args))) as Record<string, unknown>;
    const row = { ...event, blockNumber: String(event.blockNumber), args };
    expect(event).toMatchObject(reviveEvent(row));
  }
});

test('events are read as the library reads them', async () => {
  const logs = await world.actors.client.getLogs({ fromBlock: 0n });
  const abi = Object.values(abis).flatMap((one): AbiEvent[] => one.filter((item) => item.type === 'event'));
  let words = 0;
  for (const log of logs) {
    const event = decodeLog(world.deployment, log);
    if (event === null) continue;
    const said = decodeEventLog({ abi, topics: log.topics, data: log.data });
    expect(asText(event.args)).toEqual(asText(said.args));
    words++;
  }
  expect(words).toBe(events.length);
});

test('a text with a NUL, which no database stores, is read without it', () => {
  const [topic, who] = encodeEventTopics({
    abi: abis.providerRegistryAbi,
    eventName: 'MetadataSet',
    args: { provider: world.deployment.treasury },
  }) as [Hex, Hex];
  const data = encodeAbiParameters([{ type: 'string' }], ['a\0b']);
  const log = {
    address: world.deployment.registry,
    topics: [topic, who],
    data,
    blockNumber: 1n,
    logIndex: 0,
  };
  expect(decodeLog(world.deployment, log)?.args['metadata']).toBe('a\uFFFDb');
});

test('logs of other contracts are passed over', async () => {
  const logs = await world.actors.client.getLogs({ fromBlock: 0n });
  expect(logs.length).toBeGreaterThan(events.length);
  const elsewhere = { ...world.deployment, vault: world.deployment.treasury };
  expect(decodeLogs(elsewhere, logs).some((event) => event.name === 'Deposited')).toBe(false);
});

test('what an event changes is exactly among what it is said to touch', () => {
  const ledger = emptyLedger({
    treasury: world.deployment.treasury,
    feeBps: world.deployment.parameters.feeBps,
  });
  for (const event of events) {
    const before = snapshot(ledger.market);
    const block = { number: event.blockNumber, hash: '0x' } as const;
    const touched = foldBlock(ledger, block, [chainEvent(event)], false);
    const changed = differing(before, snapshot(ledger.market));
    const marked = new Set(keysOf(touched));
    expect({ event: event.name, missed: changed.filter((key) => !marked.has(key)) }).toEqual({
      event: event.name,
      missed: [],
    });
  }
});

/** Numbers as text and addresses in lower case, however wide or written. */
function asText(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'bigint' || typeof one === 'number'
        ? String(one)
        : typeof one === 'string'
          ? one.toLowerCase()
          : one,
    ),
  ) as unknown;
}

function chainEvent(event: MarketEvent): LedgerEvent {
  return { ...event, blockHash: '0x', txHash: '0x' };
}

/** Every row's content by the row's name. */
function snapshot(market: MarketState): Map<string, string> {
  const content = new Map<string, string>();
  const put = (table: string, rows: Map<Hex | bigint, unknown>): void => {
    for (const [key, row] of rows) content.set(`${table} ${key}`, text(row));
  };
  put('accounts', market.accounts);
  put('providers', market.providers);
  put('nodes', market.nodes);
  put('leases', market.leases);
  put('slots', new Map([...market.slots].map(([slot, { fills: _, ...row }]) => [slot, row])));
  put('pages', market.pages);
  put('fills', market.filled);
  for (const key of market.usedNonces) content.set(`nonces ${key}`, 'used');
  return content;
}

function differing(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after].filter(([key, row]) => before.get(key) !== row).map(([key]) => key);
}

function keysOf(touched: Touched): string[] {
  return Object.entries(touched).flatMap(([table, rows]) =>
    [...(rows as Map<unknown, unknown>).keys()].map((key) => `${table} ${String(key)}`),
  );
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
