import type { ClientBase } from 'pg';
import { reviveEvent, storedArgs, type ContractEvent } from '../../contracts/events.ts';
import type { Hex } from '../../domain/types.ts';
import type { LedgerEvent } from '../fold/ledger.ts';
import type { Connection } from './connection.ts';
import { copiedText, copyField, copyIn, copyOut } from './copy.ts';

export type StoredChainEvent = LedgerEvent & ContractEvent;

/** Most events that a read hands over at once; what bounds its memory. */
const EVENTS_PER_READ = 20_000;

export async function writeEvents(client: ClientBase, events: readonly StoredChainEvent[]): Promise<void> {
  if (events.length === 0) return;
  let rows = '';
  for (const { blockNumber, blockHash, logIndex, txHash, contract, name, args } of events) {
    const text = copyField(JSON.stringify(storedArgs(args)));
    rows += `${blockNumber}\t${blockHash}\t${logIndex}\t${txHash}\t${contract}\t${name}\t${text}\n`;
  }
  const columns = '"blockNumber", "blockHash", "logIndex", "txHash", contract, name, args';
  await copyIn(client, 'chain_event', columns, rows);
}

/** Events in chain order after block `after` and up to block `upTo`, in portions of bounded size. */
export async function* readEvents(
  connection: Connection,
  after: bigint,
  upTo: bigint,
): AsyncGenerator<LedgerEvent[]> {
  let from = { block: after, log: 2 ** 31 - 1 };
  for (;;) {
    const events: LedgerEvent[] = [];
    const query = `SELECT "blockNumber", "logIndex", "blockHash", "txHash", name, args FROM chain_event
      WHERE ("blockNumber", "logIndex") > (${from.block}, ${from.log}) AND "blockNumber" <= ${upTo}
      ORDER BY "blockNumber", "logIndex" LIMIT ${EVENTS_PER_READ}`;
    await connection.use((client) => copyOut(client, query, (line) => events.push(eventOf(line))));
    if (events.length > 0) yield events;
    const last = events.at(-1);
    if (last === undefined || events.length < EVENTS_PER_READ) return;
    from = { block: last.blockNumber, log: last.logIndex };
  }
}

function eventOf(line: string): LedgerEvent {
  const [blockNumber, logIndex, blockHash, txHash, name, args] = line.slice(0, -1).split('\t');
  const event = reviveEvent({
    blockNumber: blockNumber!,
    logIndex: Number(logIndex),
    name: name!,
    args: JSON.parse(copiedText(args!)) as Record<string, unknown>,
  });
  return Object.assign(event, { blockHash: blockHash as Hex, txHash: txHash as Hex });
}
