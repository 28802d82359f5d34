import { expect, test } from 'vitest';
import { withoutStrayGenesis } from '../../cli/chain/snapshot.ts';

test('strayGenesis_goesWherever_andTheOldestStays', () => {
  const old = genesis(10);
  for (const blocks of [
    [old, block(1), genesis(20)],
    [genesis(20), old, block(1)],
    [block(1), genesis(30), genesis(20), old],
    [block(1), old, genesis(30), genesis(20)],
    [genesis(15), block(1), genesis(30), old, genesis(20)],
  ]) {
    const clean = JSON.parse(withoutStrayGenesis(state(blocks)).toString()) as { blocks: unknown[] };
    const kept = blocks.filter((candidate) => candidate === old || candidate === block(1));
    expect(clean.blocks).toEqual(kept.map((text) => JSON.parse(text) as unknown));
  }
});

test('strayGenesis_leavesACleanStateAsItIs', () => {
  const clean = state([genesis(10), block(1)]);
  expect(withoutStrayGenesis(clean)).toBe(clean);
});

function genesis(timestamp: number): string {
  const header = {
    parentHash: `0x${'0'.repeat(64)}`,
    number: '0x0',
    timestamp: `0x${timestamp.toString(16)}`,
  };
  return JSON.stringify({ header, transactions: [], ommers: [], withdrawals: null });
}

function block(number: number): string {
  const header = { parentHash: `0x${'1'.repeat(64)}`, number: `0x${number}`, timestamp: '0x5' };
  return JSON.stringify({ header, transactions: [], ommers: [], withdrawals: null });
}

function state(blocks: string[]): Buffer {
  return Buffer.from(`{"best_block_number":1,"blocks":[${blocks.join(',')}],"historical_states":null}`);
}
