/** Rows of the openb trace as nodes and pods. A row that can't be read is a refusal with its number, not an end. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Refusal } from '../../domain/refusal.ts';

export interface TraceNode {
  name: string;
  model: string;
  cards: number;
  memoryMib: number;
}

export interface TracePod {
  name: string;
  cards: number;
  /** Allowed models, distinct; none means any. */
  models: string[];
  memoryMib: number;
  /** Seconds of the trace. */
  creation: number;
  /** Seconds. */
  duration: number;
}

export interface Trace<T> {
  rows: T[];
  refused: Refusal[];
  /** Rows without a card. */
  passedOver: number;
}

export function readNodes(file: string): Promise<Trace<TraceNode>> {
  return read(file, ['sn', 'memory_mib', 'gpu', 'model'], (row) => {
    const cards = row.integer('gpu');
    if (cards === 0) return null;
    if (row.text('model') === '') throw row.refuse('model is empty');
    return { name: row.text('sn'), model: row.text('model'), cards, memoryMib: row.integer('memory_mib') };
  });
}

export function readPods(file: string): Promise<Trace<TracePod>> {
  const columns = [
    'name',
    'memory_mib',
    'num_gpu',
    'gpu_spec',
    'creation_time',
    'deletion_time',
    'scheduled_time',
  ];
  return read(file, columns, (row) => {
    const cards = row.integer('num_gpu');
    if (cards === 0) return null;
    const creation = row.integer('creation_time');
    const from = row.text('scheduled_time') === '' ? creation : row.integer('scheduled_time');
    const duration = row.integer('deletion_time') - from;
    if (duration < 1) throw row.refuse(`it runs for ${duration} seconds`);
    const models = [...new Set(row.text('gpu_spec').split('|').filter(Boolean))];
    return {
      name: row.text('name'),
      cards,
      models,
      memoryMib: row.integer('memory_mib'),
      creation,
      duration,
    };
  });
}

class Row {
  readonly #number: number;
  readonly #columns: Map<string, number>;
  readonly #cells: string[];

  constructor(number: number, columns: Map<string, number>, line: string) {
    this.#number = number;
    this.#columns = columns;
    this.#cells = line.split(',');
    if (this.#cells.length !== columns.size)
      throw this.refuse(`it has ${this.#cells.length} cells, the header ${columns.size}`);
  }

  text(column: string): string {
    return (this.#cells[this.#columns.get(column)!] ?? '').trim();
  }

  /** A whole number from 0 to 2^32 - 1; the trace writes some of them with a fraction of zero. */
  integer(column: string): number {
    const text = this.text(column);
    const value = /^\d{1,10}(\.0+)?$/.test(text) ? Number(text) : NaN;
    if (!(value < 2 ** 32)) throw this.refuse(`${column} is '${text}', no whole number`);
    return value;
  }

  refuse(why: string): Refusal {
    return new Refusal('TRACE_ROW', `Row ${this.#number}: ${why}.`, 'Mend the row or leave it out.');
  }
}

async function read<T>(file: string, needed: string[], parse: (row: Row) => T | null): Promise<Trace<T>> {
  const trace: Trace<T> = { rows: [], refused: [], passedOver: 0 };
  let columns: Map<string, number> | undefined;
  let number = 0;
  for await (const line of linesOf(file)) {
    number++;
    if (line.trim() === '') continue;
    if (!columns) {
      columns = new Map(line.split(',').map((name, index) => [name.trim(), index]));
      const missing = needed.find((name) => !columns!.has(name));
      if (missing)
        throw new Refusal(
          'TRACE_ROW',
          `${file} has no column '${missing}'.`,
          'Give a file in the format of cluster-trace-gpu-v2023.',
        );
      continue;
    }
    try {
      const parsed = parse(new Row(number, columns, line));
      if (parsed === null) trace.passedOver++;
      else trace.rows.push(parsed);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      trace.refused.push(error);
    }
  }
  return trace;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      'NOT_FOUND',
      `${file} can't be read (${why}).`,
      'Give the path of a trace file: see cli/replay/README.md.',
    );
  }
}
