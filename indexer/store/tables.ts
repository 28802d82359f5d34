import type { Row } from '../fold/rows.ts';

type SqlType = 'text' | 'bigint' | 'integer' | 'numeric' | 'boolean' | 'jsonb';

/** A table that the indexer writes, as `prisma/schema.prisma` has it. */
export interface Table {
  name: string;
  key: string[];
  columns: Record<string, SqlType>;
}

const BLOCK_REF = { blockNumber: 'bigint', blockHash: 'text' } as const;

export const BLOCK: Table = {
  name: 'block',
  key: ['number'],
  columns: { number: 'bigint', hash: 'text', parentHash: 'text', timestamp: 'bigint' },
};

/** In the order in which rows may be written; they are deleted in the other one (a node refers to its provider). */
export const TABLES = [
  {
    name: 'account',
    key: ['address'],
    columns: {
      address: 'text',
      available: 'numeric',
      bidding: 'numeric',
      unbidding: 'numeric',
      staked: 'numeric',
      ...BLOCK_REF,
    },
  },
  {
    name: 'provider',
    key: ['address'],
    columns: {
      address: 'text',
      payout: 'text',
      signer: 'text',
      metadata: 'text',
      stake: 'numeric',
      exitAt: 'bigint',
      outcomeDay: 'integer',
      good: 'numeric',
      bad: 'numeric',
      newGood: 'numeric',
      newBad: 'numeric',
      ...BLOCK_REF,
    },
  },
  {
    name: 'node',
    key: ['id'],
    columns: {
      id: 'text',
      provider: 'text',
      x: 'text',
      y: 'text',
      z: 'text',
      className: 'text',
      resourceClass: 'text',
      region: 'text',
      cards: 'integer',
      networkMbps: 'bigint',
      storageGb: 'bigint',
      epoch: 'integer',
      tier: 'integer',
      auditor: 'text',
      clusteredUntil: 'bigint',
      maintenanceFrom: 'bigint',
      maintenanceTo: 'bigint',
      ...BLOCK_REF,
    },
  },
  {
    name: 'identifier',
    key: ['node'],
    columns: {
      node: 'text',
      text: 'text',
      provider: 'text',
      enterprise: 'text',
      industry: 'text',
      city: 'text',
      region: 'text',
      resourceType: 'text',
      serviceType: 'text',
      chip: 'text',
      gflops: 'bigint',
      grade: 'text',
      ...BLOCK_REF,
    },
  },
  {
    name: 'lease',
    key: ['id'],
    columns: {
      id: 'bigint',
      consumer: 'text',
      provider: 'text',
      node: 'text',
      sourceId: 'text',
      slot: 'bigint',
      cards: 'integer',
      duration: 'bigint',
      start: 'bigint',
      end: 'bigint',
      rate: 'numeric',
      locked: 'numeric',
      paid: 'numeric',
      fee: 'numeric',
      refunded: 'numeric',
      settledUntil: 'bigint',
      outage: 'bigint',
      workload: 'text',
      endReason: 'text',
      settled: 'boolean',
      parent: 'bigint',
      followsPage: 'boolean',
      ...BLOCK_REF,
    },
  },
  {
    name: 'page',
    key: ['id'],
    columns: {
      id: 'bigint',
      slot: 'bigint',
      page: 'integer',
      start: 'bigint',
      source: 'text',
      accounts: 'text',
      leases: 'text',
      settledUntil: 'bigint',
      open: 'integer',
      ...BLOCK_REF,
    },
  },
  {
    name: 'slot',
    key: ['slot'],
    columns: {
      slot: 'bigint',
      scheduler: 'text',
      closeBlock: 'bigint',
      seed: 'text',
      gammaWad: 'numeric',
      pageCount: 'integer',
      pagesCommitted: 'integer',
      orderCount: 'integer',
      askCount: 'integer',
      matchCount: 'integer',
      skipped: 'integer',
      ordersRoot: 'text',
      asksRoot: 'text',
      inputsHash: 'text',
      txHash: 'text',
      ...BLOCK_REF,
    },
  },
  {
    name: 'quote',
    key: ['id'],
    columns: {
      id: 'text',
      consumer: 'text',
      amount: 'numeric',
      deadline: 'bigint',
      outcome: 'text',
      shared: 'numeric',
      kept: 'numeric',
      ...BLOCK_REF,
    },
  },
  {
    name: 'renewal',
    key: ['leaseId'],
    columns: {
      leaseId: 'bigint',
      node: 'text',
      resourceClass: 'text',
      maxRate: 'numeric',
      until: 'bigint',
      ...BLOCK_REF,
    },
  },
  { name: 'fill', key: ['id'], columns: { id: 'text', filled: 'integer', ...BLOCK_REF } },
  {
    name: 'used_nonce',
    key: ['kind', 'account', 'nonce'],
    columns: { kind: 'text', account: 'text', nonce: 'numeric', ...BLOCK_REF },
  },
] as const satisfies Table[];

export interface Statement {
  /** Name under which the connection keeps it prepared. */
  name: string;
  text: string;
  values: string[];
}

/** One statement for any number of rows; a new row replaces the one with its key. */
export function upsert(table: Table, rows: Row[]): Statement {
  const names = Object.keys(table.columns);
  const rest = names.filter((name) => !table.key.includes(name));
  const updates = rest.map((name) => `"${name}" = EXCLUDED."${name}"`).join(', ');
  const conflict = `ON CONFLICT (${quoted(table.key)}) DO UPDATE SET ${updates}`;
  return { ...insert(table, rows, conflict), name: `upsert ${table.name}` };
}

/** As `upsert`, but a key that is there already is an error. */
export function insert(table: Table, rows: Row[], conflict = ''): Statement {
  const names = Object.keys(table.columns);
  return {
    name: `insert ${table.name}`,
    text: `INSERT INTO "${table.name}" (${quoted(names)}) SELECT * FROM ${unnest(table, names)} ${conflict}`,
    values: columnsOf(table, names, rows),
  };
}

export function remove(table: Table, keys: Row[]): Statement {
  const match = table.key.map((name) => `t."${name}" = k."${name}"`).join(' AND ');
  return {
    name: `delete ${table.name}`,
    text: `DELETE FROM "${table.name}" t USING ${unnest(table, table.key)} AS k(${quoted(table.key)}) WHERE ${match}`,
    values: columnsOf(table, table.key, keys),
  };
}

function unnest(table: Table, names: string[]): string {
  return `unnest(${names.map((name, index) => `$${index + 1}::${table.columns[name]}[]`).join(', ')})`;
}

/** PostgreSQL takes a column as one array. */
function columnsOf(table: Table, names: string[], rows: Row[]): string[] {
  return names.map((name) => arrayText(rows, name, ['text', 'jsonb'].includes(table.columns[name]!)));
}

/** A column as the text of an array: what `pg` makes of one, without its many small texts. */
function arrayText(rows: Row[], name: string, quote: boolean): string {
  let text = '';
  for (const row of rows) {
    const value = row[name] ?? null;
    text += text === '' ? '{' : ',';
    if (value === null) text += 'NULL';
    else text += quote ? `"${escaped(String(value))}"` : String(value);
  }
  return text === '' ? '{}' : `${text}}`;
}

function escaped(text: string): string {
  return /["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
