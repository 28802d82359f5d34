import type { ClientBase } from 'pg';
import { revived, storedText, type ContractEvent } from '../../contracts/events.ts';
import type { Hex } from '../../domain/types.ts';
import type { LedgerEvent } from '../fold/ledger.ts';
import type { Connection } from './connection.ts';
import { copiedText, copyField, copyIn, copyOut } from './copy.ts';

export type StoredChainEvent = LedgerEvent & ContractEvent;

export async function writeEvents(client: ClientBase, events: readonly StoredChainEvent[]): Promise<void> {
  if (events.length === 0) return;
  let rows = '';
  for (const { blockNumber, blockHash, logIndex, txHash, contract, name, args } of events) {
    const text = copyField(storedText(args));
    rows += `${blockNumber}\t${blockHash}\t${logIndex}\t${txHash}\t${contract}\t${name}\t${text}\n`;
  }
  const columns = '"blockNumber", "blockHash", "logIndex", "txHash", contract, name, args';
  await copyIn(client, 'chain_event', columns, rows);
}

/** Hands over the events after block `after` and up to block `upTo`, in chain order, while the database still reads further ones. */
export async function readEvents(
  connection: Connection,
  after: bigint,
  upTo: bigint,
  take: (event: LedgerEvent) => void,
): Promise<void> {
  const query = `SELECT "blockNumber", "logIndex", "blockHash", "txHash", name, args FROM chain_event
    WHERE "blockNumber" > ${after} AND "blockNumber" <= ${upTo} ORDER BY "blockNumber", "logIndex"`;
  const read = eventReader();
  await connection.use((client) => copyOut(client, query, (line) => take(read(line))));
}

/** Reads lines; events of one block share its number and hash. */
function eventReader(): (line: string) => LedgerEvent {
  let [digits, blockNumber, blockHash] = ['', -1n, ''];
  return (line) => {
    const [number = '', logIndex, hash = '', txHash, name = '', args = ''] = line.slice(0, -1).split('\t');
    if (number !== digits) [digits, blockNumber, blockHash] = [number, BigInt(number), hash];
    return {
      blockNumber,
      logIndex: Number(logIndex),
      name,
      args: revived(name, JSON.parse(copiedText(args)) as Record<string, unknown>),
      blockHash: blockHash as Hex,
      txHash: txHash as Hex,
    };
  };
}
