/** PostgreSQL's COPY over a connection of `pg`, which has none: the way that costs both sides least. Text format throughout. */
import type { ClientBase, Connection, Submittable } from 'pg';

/** What `pg` keeps of a connection on the wire; its types leave it out. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** The messages that a query of `pg` is handed. */
abstract class Copy implements Submittable {
  readonly done: Promise<void>;
  readonly #text: string;
  #finish!: (error?: Error) => void;
  #error: Error | undefined;

  constructor(text: string) {
    this.#text = text;
    this.done = new Promise((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    // A connection that breaks tells it here first; whoever waits hears of it all the same.
    this.done.catch(() => undefined);
  }

  submit(connection: Connection): void {
    (connection as unknown as Wire).query(this.#text);
  }

  handleError(error: Error): void {
    this.#error = error;
    this.#finish(error);
  }

  handleReadyForQuery(): void {
    this.#finish(this.#error);
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(_connection: unknown): void {}
  handleCopyData(_message: { chunk: Buffer }): void {}
}

class CopyIn extends Copy {
  readonly #rows: string;

  constructor(text: string, rows: string) {
    super(text);
    this.#rows = rows;
  }

  override handleCopyInResponse(connection: unknown): void {
    const wire = connection as Wire;
    wire.sendCopyFromChunk(Buffer.from(this.#rows));
    wire.endCopyFrom();
  }
}

class CopyOut extends Copy {
  broken: Error | undefined;
  readonly #take: (line: string) => void;

  constructor(text: string, take: (line: string) => void) {
    super(text);
    this.#take = take;
  }

  /** Called while the connection reads: what breaks here would end the process. */
  override handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.broken !== undefined) return;
    try {
      this.#take(chunk.toString('utf8'));
    } catch (error) {
      this.broken = error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Sends rows, each a line of fields that `copyField` wrote, with tabs between. */
export async function copyIn(
  client: ClientBase,
  table: string,
  columns: string,
  rows: string,
): Promise<void> {
  const copy = new CopyIn(`COPY ${table} (${columns}) FROM STDIN`, rows);
  client.query(copy);
  await copy.done;
}

/** Hands over the rows of a query as they come, each a line that ends with a newline. @throws what `take` threw, once all are through */
export async function copyOut(
  client: ClientBase,
  query: string,
  take: (line: string) => void,
): Promise<void> {
  const copy = new CopyOut(`COPY (${query}) TO STDOUT`, take);
  client.query(copy);
  await copy.done;
  if (copy.broken !== undefined) throw copy.broken;
}

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const UNESCAPES: Record<string, string> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', v: '\v' };

/** A value as a field of a line; null as PostgreSQL writes it. */
export function copyField(value: string | number | bigint | boolean | null | undefined): string {
  if (value === null || value === undefined) return '\\N';
  const text = String(value);
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (found) => ESCAPES[found]!) : text;
}

/** A field's text as it was before `copyField`. */
export function copiedText(field: string): string {
  return field.includes('\\')
    ? field.replace(/\\(.)/g, (_, found: string) => UNESCAPES[found] ?? found)
    : field;
}
