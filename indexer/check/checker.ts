/** Holds rows of money and state against the contracts, all the time. What differs stops the reads of its table; nothing mends it in silence. */
import { randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import type { Header } from '../chain/header.ts';
import { Behind, type Endpoint, type Endpoints } from '../chain/endpoints.ts';
import { RpcTrouble, type Call } from '../chain/rpc.ts';
import { openConnection } from '../store/connection.ts';
import { headerOf, LAST_BLOCK, type BlockRow } from '../store/write.ts';
import { callOf, CHECKED, differenceIn, type Check, type StoredRow } from './checks.ts';

export interface CheckCounts {
  /** Rows that were compared, and that differed. */
  checked: number;
  different: number;
  /** Tables whose reads are stopped. */
  stopped: string[];
}

export interface Checker {
  readonly counts: CheckCounts;
  /** Compares some rows at the newest indexed block. @throws Refusal NOT_READY, CHAIN_UNREACHABLE */
  look(): Promise<void>;
  close(): Promise<void>;
}

interface Sample {
  check: Check;
  row: StoredRow;
}

/** Rows of a table that one look takes: of the newest, and of all. */
const NEWEST = 6;
const RANDOM = 3;

export function createChecker(options: {
  databaseUrl: string;
  deployment: Deployment;
  endpoints: Endpoints;
  /** Keys of a table's rows that were written last. */
  recent: (table: string) => readonly string[];
  onDifference: (sentence: string) => void;
}): Checker {
  const { databaseUrl, deployment, endpoints, recent, onDifference } = options;
  const connection = openConnection(databaseUrl);
  const counts: CheckCounts = { checked: 0, different: 0, stopped: [] };

  /** What differs between each sample and a node's answer. */
  const ask = async (
    endpoint: Endpoint,
    samples: readonly Sample[],
    at: Header,
  ): Promise<(string | null)[]> => {
    try {
      return await askTogether(endpoint, samples, at, deployment);
    } catch (error) {
      if (!(error instanceof RpcTrouble) || error.kind !== 'reverted') throw error;
      // A contract that refuses what a row says contradicts it, and must not hide the others.
      if (samples.length === 1) return ['the contract refuses what the row says'];
      const found: (string | null)[] = [];
      for (const sample of samples) found.push(...(await ask(endpoint, [sample], at)));
      return found;
    }
  };

  const stop = (sample: Sample, difference: string, at: Header): Promise<void> =>
    connection.use(async (client) => {
      const { check, row } = sample;
      const sentence = `At block ${at.number} ${check.table} ${String(row[check.key])} is not what the contract says: ${difference}.`;
      const { rowCount } = await client.query(
        `INSERT INTO read_stop ("table", sentence, "blockNumber", "blockHash") VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
        [check.table, sentence, at.number, at.hash],
      );
      counts.different++;
      if (rowCount === 1) onDifference(`${sentence} Reads of this table are stopped until it is made anew.`);
    });

  return {
    counts,
    async look() {
      const { at, samples, stopped } = await connection.use((client) => takeSamples(client, recent));
      counts.stopped = stopped;
      if (at === null || samples.length === 0) return;
      let found: (string | null)[];
      try {
        found = await endpoints.through((endpoint) => ask(endpoint, samples, at));
      } catch (error) {
        // The chain has left the block, or no node keeps its state: the next look is at another.
        if (error instanceof Behind || (error instanceof Refusal && error.code === 'CHAIN_UNREACHABLE'))
          return;
        throw error;
      }
      counts.checked += samples.length;
      for (const [index, difference] of found.entries()) {
        const sample = samples[index]!;
        if (difference === null || !(await isConfirmed(endpoints, (endpoint) => ask(endpoint, [sample], at))))
          continue;
        await stop(sample, difference, at);
        if (!counts.stopped.includes(sample.check.table)) counts.stopped.push(sample.check.table);
      }
    },
    close: () => connection.close(),
  };
}

async function askTogether(
  endpoint: Endpoint,
  samples: readonly Sample[],
  at: Header,
  deployment: Deployment,
): Promise<(string | null)[]> {
  const block = { blockHash: at.hash, requireCanonical: true };
  const calls = samples.map(({ check, row }) => callOf(check, deployment, row));
  const askable = calls.filter((call) => call !== null);
  const answers = await endpoint.ask(
    askable.map((call): Call => ({ method: 'eth_call', params: [call, block] })),
  );
  let next = 0;
  return samples.map(({ check, row }, index) =>
    calls[index] === null
      ? 'the row is of no form that the contract could be asked about'
      : differenceIn(check, row, answers[next++] as Hex),
  );
}

/** Whether every node that answers finds the difference: one that does not says that another lies. */
async function isConfirmed(
  endpoints: Endpoints,
  again: (endpoint: Endpoint) => Promise<(string | null)[]>,
): Promise<boolean> {
  const answers = await endpoints.each(again);
  const said = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value[0]);
  return said.length > 0 && said.every((difference) => difference !== null);
}

/** Rows and the block they stand at, of one moment. */
async function takeSamples(
  client: ClientBase,
  recent: (table: string) => readonly string[],
): Promise<{ at: Header | null; samples: Sample[]; stopped: string[] }> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const at = headerOf((await client.query<BlockRow>(LAST_BLOCK)).rows[0]);
    const stops = await client.query<{ table: string }>('SELECT "table" FROM read_stop ORDER BY 1');
    const samples: Sample[] = [];
    for (const check of CHECKED) {
      const { select, key } = check;
      const newest = await client.query<StoredRow>(`${select} WHERE t."${key}" = ANY($1)`, [
        recent(check.table).slice(-NEWEST),
      ]);
      const random = await client.query<StoredRow>(
        `${select} WHERE t."${key}" >= $1 ORDER BY t."${key}" LIMIT ${RANDOM}`,
        [await anyKey(client, check)],
      );
      samples.push(...[...newest.rows, ...random.rows].map((row) => ({ check, row })));
    }
    return { at, samples, stopped: stops.rows.map(({ table }) => table) };
  } finally {
    await client.query('COMMIT');
  }
}

/** A point among a table's keys; keys of text are hashes or addresses, and so spread evenly. */
async function anyKey(client: ClientBase, { table, key }: Check): Promise<string> {
  if (key === 'address' || (key === 'id' && table !== 'lease' && table !== 'page'))
    return `0x${randomBytes(20).toString('hex')}`;
  const { rows } = await client.query<{ point: string }>(
    `SELECT (coalesce(min("${key}"), 0) + floor(random() * (coalesce(max("${key}") - min("${key}"), 0) + 1)))::bigint AS point FROM "${table}"`,
  );
  return rows[0]?.point ?? '0';
}
