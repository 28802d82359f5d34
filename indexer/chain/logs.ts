/** A range's events, out of logs that are proven: with the receipts behind each block's root, and its bloom against what is left out. */
import { decodeLog } from '../../contracts/events.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import type { Hex } from '../../domain/types.ts';
import type { StoredChainEvent } from '../store/events.ts';
import { Behind, Lie, type Endpoint } from './endpoints.ts';
import { quantity } from './header.ts';
import type { RawHeader } from './proof/header.ts';
import { receiptsRoot, type RawLogEntry, type RawReceipt } from './proof/receipts.ts';

/**
 * `all`: the receipts of every block whose bloom admits a log of ours, so that no log can be wrong or missing. `sampled`: `eth_getLogs`,
 * the receipts of the blocks that it names, and those of one block in `SAMPLE` that it does not: for chains so busy that every bloom
 * admits everything. `none`: what `eth_getLogs` says, and hashes as they are given: for chains whose headers have other fields than
 * Ethereum's, and nodes without `eth_getBlockReceipts`.
 */
export type Proofs = 'all' | 'sampled' | 'none';

export interface LogsOptions {
  deployment: Deployment;
  addresses: readonly Hex[];
  proofs: Proofs;
  mayHold(logsBloom: Hex): boolean;
}

const SAMPLE = 32n;
/** Blocks whose receipts one request asks for. */
const RECEIPTS_AT_ONCE = 16;

/** The market's events in consecutive blocks, in chain order. @throws RpcTrouble, Lie, Behind */
export async function fetchEvents(
  endpoint: Endpoint,
  headers: readonly RawHeader[],
  options: LogsOptions,
): Promise<StoredChainEvent[]> {
  const possible = headers.filter(({ logsBloom }) => options.mayHold(logsBloom));
  if (possible.length === 0) return [];
  if (options.proofs !== 'all') return await namedEvents(endpoint, headers, possible, options);
  const events: StoredChainEvent[] = [];
  await fetchReceipts(endpoint, possible, (receipts) => {
    for (const { logs } of receipts) decode(logs, options, events);
  });
  return events;
}

/** Adds the market's events among logs. */
function decode(logs: readonly RawLogEntry[], { deployment }: LogsOptions, to: StoredChainEvent[]): void {
  for (const log of logs) {
    const event = decodeLog(deployment, log);
    if (event !== null) to.push({ ...event, blockHash: log.blockHash, txHash: log.transactionHash });
  }
}

async function namedEvents(
  endpoint: Endpoint,
  headers: readonly RawHeader[],
  possible: readonly RawHeader[],
  options: LogsOptions,
): Promise<StoredChainEvent[]> {
  const { addresses, proofs } = options;
  const [from, to] = [headers[0]!, headers.at(-1)!];
  const filter = { address: addresses, fromBlock: from.number, toBlock: to.number };
  const [answer] = await endpoint.ask([{ method: 'eth_getLogs', params: [filter] }]);
  const byBlock = Map.groupBy(readLogs(answer), ({ blockHash }) => blockHash);
  const known = new Set(possible.map(({ hash }) => hash));
  for (const hash of byBlock.keys())
    if (!known.has(hash)) throw new Behind(`it gave logs of block ${hash}, whose bloom or branch has none`);
  const events: StoredChainEvent[] = [];
  if (proofs === 'none') {
    for (const { hash } of possible) decode(byBlock.get(hash) ?? [], options, events);
    return events;
  }
  const proven = possible.filter(({ hash, number }) => byBlock.has(hash) || BigInt(number) % SAMPLE === 0n);
  await fetchReceipts(endpoint, proven, (receipts, { hash, number }) => {
    const logs = oursIn(receipts, addresses);
    if (logs.length !== (byBlock.get(hash)?.length ?? 0))
      throw new Lie(
        `of the ${logs.length} logs of block ${BigInt(number)} it named ${byBlock.get(hash)?.length ?? 0}`,
      );
    decode(logs, options, events);
  });
  return events;
}

/** Hands over the receipts of each block, proven against their root. They are large: who takes them should keep little of them. */
async function fetchReceipts(
  endpoint: Endpoint,
  headers: readonly RawHeader[],
  take: (receipts: readonly RawReceipt[], header: RawHeader) => void,
): Promise<void> {
  for (let at = 0; at < headers.length; at += RECEIPTS_AT_ONCE) {
    const some = headers.slice(at, at + RECEIPTS_AT_ONCE);
    // By hash: at a number there may be another block by now.
    const calls = some.map(({ hash }) => ({ method: 'eth_getBlockReceipts', params: [hash] }));
    const answers = await endpoint.ask(calls);
    some.forEach((header, index) => take(readReceipts(answers[index], header), header));
  }
}

function readReceipts(answer: unknown, header: RawHeader): RawReceipt[] {
  const number = BigInt(header.number);
  if (answer === null) throw new Behind(`it has no receipts of block ${number}`);
  if (!Array.isArray(answer)) throw new Lie(`the receipts of block ${number} are no list`);
  const receipts = answer as RawReceipt[];
  if (!proves(receipts, header.receiptsRoot))
    throw new Lie(`the receipts of block ${number} are not those of its root`);
  // The root says nothing of the places; of the transactions the header has a list.
  const hashes = header['transactions'];
  let logIndex = 0n;
  for (const [index, receipt] of receipts.entries()) {
    for (const log of receipt.logs) {
      if (Array.isArray(hashes)) {
        if (hashes[index] !== log.transactionHash)
          throw new Lie(`a log of block ${number} names another transaction than its block`);
        // One text for all logs of a transaction.
        log.transactionHash = hashes[index] as Hex;
      }
      log.blockHash = header.hash;
      log.blockNumber = header.number;
      log.logIndex = quantity(logIndex++);
    }
  }
  return receipts;
}

function proves(receipts: readonly RawReceipt[], root: Hex): boolean {
  try {
    return receiptsRoot(receipts) === root;
  } catch {
    return false;
  }
}

function oursIn(receipts: readonly RawReceipt[], addresses: readonly Hex[]): RawLogEntry[] {
  return receipts.flatMap(({ logs }) =>
    logs.filter(({ address }) => addresses.includes(address.toLowerCase() as Hex)),
  );
}

function readLogs(answer: unknown): RawLogEntry[] {
  const fields = ['address', 'data', 'blockHash', 'blockNumber', 'transactionHash', 'logIndex'] as const;
  const isLog = (log: unknown): log is RawLogEntry =>
    typeof log === 'object' &&
    log !== null &&
    'topics' in log &&
    Array.isArray(log.topics) &&
    fields.every((field) => typeof (log as Record<string, unknown>)[field] === 'string');
  if (!Array.isArray(answer) || !answer.every(isLog)) throw new Lie('its logs are not all mined logs');
  return answer;
}
