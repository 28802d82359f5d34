/**
 * The contracts' logs as events of the market: one decoder for indexer, scheduler, verifier and agents.
 *
 * Integers of up to 32 bits are `number`, wider ones `bigint`; addresses are lower-case; structs are nested objects.
 */
import { concat, decodeAbiParameters, toEventSelector } from 'viem';
import type { AbiEvent, AbiParameter } from 'viem';
import type { Hex, MarketEvent } from '../domain/types.ts';
import type { Deployment } from './deployment.ts';
import {
  auctionAbi,
  bondAbi,
  claimsAbi,
  clustersAbi,
  leaseBookAbi,
  marketAbi,
  monitorsAbi,
  oversoldAbi,
  providerRegistryAbi,
  receiptsAbi,
  reputationAbi,
  vaultAbi,
} from './generated/abi.ts';

/** A log as a node gives it, raw (hex quantities) or read by viem or ethers. */
export interface RawLog {
  address: string;
  topics: readonly string[];
  data: string;
  blockNumber: bigint | number | string;
  logIndex: bigint | number | string;
}

const ABIS = {
  vault: vaultAbi,
  registry: providerRegistryAbi,
  clusters: clustersAbi,
  reputation: reputationAbi,
  auction: auctionAbi,
  market: marketAbi,
  leaseBook: leaseBookAbi,
  monitors: monitorsAbi,
  bond: bondAbi,
  claims: claimsAbi,
  receipts: receiptsAbi,
  oversold: oversoldAbi,
};

export type ContractName = keyof typeof ABIS;
export const CONTRACTS = Object.keys(ABIS) as readonly ContractName[];

export interface ContractEvent extends MarketEvent {
  contract: ContractName;
}

/** A row of `chain_event`: wide integers are decimal strings there. */
export interface StoredEvent {
  blockNumber: string | bigint;
  logIndex: number;
  name: string;
  args: Record<string, unknown>;
}

interface EventType {
  topic: Hex;
  contract: ContractName;
  name: string;
  indexed: AbiParameter[];
  plain: AbiParameter[];
  /** Reads of indexed and plain words, in their order; null when one of the plain ones is longer than a word. */
  words: { name: string; read: (digits: string) => unknown }[] | null;
  /** Arguments that a row keeps as text. */
  revivals: { name: string; revive: (value: unknown) => unknown }[];
}

/** OpenZeppelin's own; it says nothing of the market. */
const FOREIGN = new Set(['EIP712DomainChanged', 'AuthorityUpdated', 'Paused', 'Unpaused']);

const TYPES = CONTRACTS.flatMap((name) => eventTypes(name, ABIS[name]));
/** Contracts may share an event. */
const BY_TOPIC = Map.groupBy(TYPES, (type) => type.topic);
const BY_NAME = new Map(TYPES.map((type) => [type.name, type]));
/** First topics of the market's events. */
export const EVENT_TOPICS: readonly Hex[] = [...BY_TOPIC.keys()];

/** Decodes the market's logs, in the order given; logs of other contracts are passed over. */
export function decodeLogs(deployment: Deployment, logs: readonly RawLog[]): MarketEvent[] {
  return logs.flatMap((log) => decodeLog(deployment, log) ?? []);
}

/** Decodes one log; null when it is none of the market's. */
export function decodeLog(deployment: Deployment, log: RawLog): ContractEvent | null {
  const address = log.address.toLowerCase();
  const type = BY_TOPIC.get((log.topics[0] ?? '0x') as Hex)?.find(
    ({ contract }) => address === deployment[contract],
  );
  if (type === undefined) return null;
  return {
    blockNumber: BigInt(log.blockNumber),
    logIndex: Number(log.logIndex),
    contract: type.contract,
    name: type.name,
    args: readWords(type, log) ?? {
      // Indexed arguments of ours are single words, so that all of them decode in one go.
      ...readParameters(type.indexed, concat(log.topics.slice(1) as Hex[])),
      ...readParameters(type.plain, log.data as Hex),
    },
  };
}

/** Arguments as JSON text, as a row keeps them. */
export function storedText(args: Record<string, unknown>): string {
  let text = '';
  for (const name in args) {
    const value = args[name];
    text += `${text === '' ? '{' : ','}"${name}":`;
    if (typeof value === 'bigint') text += `"${value}"`;
    else if (typeof value === 'string') text += PLAIN.test(value) ? `"${value}"` : JSON.stringify(value);
    else text += JSON.stringify(toJson(value));
  }
  return text === '' ? '{}' : `${text}}`;
}

/** Text that JSON holds as it is. */
const PLAIN = /^[0-9a-zA-Z]*$/;

/** Arguments as JSON holds them. */
export function storedArgs(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, toJson(value)]));
}

/** The event of a stored row, its wide integers `bigint` again. */
export function reviveEvent(row: StoredEvent): MarketEvent {
  const args = revived(row.name, { ...row.args });
  return { blockNumber: BigInt(row.blockNumber), logIndex: row.logIndex, name: row.name, args };
}

/** The arguments themselves, of the event `event`, their wide integers `bigint` again. */
export function revived(event: string, args: Record<string, unknown>): Record<string, unknown> {
  const type = BY_NAME.get(event);
  if (type === undefined)
    throw new Error(`chain_event holds an event ${event}, which no contract of ours has`);
  for (const { name, revive } of type.revivals) args[name] = revive(args[name]);
  return args;
}

function eventTypes(contract: ContractName, abi: readonly { type: string }[]): EventType[] {
  const events = abi.filter((item): item is AbiEvent => item.type === 'event');
  return events
    .filter((event) => !FOREIGN.has(event.name))
    .map(({ name, inputs, ...event }) => {
      const indexed = inputs.filter((input) => input.indexed === true);
      const plain = inputs.filter((input) => input.indexed !== true);
      const readers = [...indexed, ...plain].map((input) => ({
        name: input.name ?? '',
        read: wordReader(input),
      }));
      const words = readers.filter((reader) => reader.read !== null) as NonNullable<EventType['words']>;
      return {
        topic: toEventSelector({ ...event, name, inputs }),
        contract,
        name,
        indexed,
        plain,
        words: words.length === readers.length ? words : null,
        revivals: inputs
          .filter((input) => isWide(input) || /\[\]$|^tuple/.test(input.type))
          .map((input) => ({ name: input.name ?? '', revive: reviverOf(input) })),
      };
    });
}

/** The arguments of an event whose words stand one beside the other; null for any other event. */
function readWords({ words, indexed }: EventType, { topics, data }: RawLog): Record<string, unknown> | null {
  if (words === null || topics.length !== indexed.length + 1) return null;
  if (data.length !== 2 + WORD * (words.length - indexed.length)) return null;
  const args: Record<string, unknown> = {};
  let at = 2;
  for (let index = 0; index < words.length; index++) {
    const { name, read } = words[index]!;
    if (index < indexed.length) args[name] = read(topics[index + 1]!.slice(2));
    else args[name] = read(data.slice(at, (at += WORD)));
  }
  return args;
}

/** Hexadecimal digits of a word. */
const WORD = 64;

/** How a parameter is read from its word's digits; null when it may be longer, or is of a type that no event of ours has. */
function wordReader({ type }: AbiParameter): ((digits: string) => unknown) | null {
  const bits = /^uint(\d+)$/.exec(type)?.[1];
  if (bits !== undefined)
    return Number(bits) > 32 ? (digits) => BigInt(`0x${digits}`) : (digits) => Number.parseInt(digits, 16);
  if (type === 'address') return (digits) => `0x${digits.slice(24).toLowerCase()}`;
  if (type === 'bytes32') return (digits) => `0x${digits}`;
  return type === 'bool' ? (digits) => digits.endsWith('1') : null;
}

function readParameters(parameters: AbiParameter[], data: Hex): Record<string, unknown> {
  const values = decodeAbiParameters(parameters, data) as unknown[];
  return Object.fromEntries(
    parameters.map((parameter, index) => [parameter.name ?? '', normalize(parameter, values[index])]),
  );
}

function normalize(parameter: AbiParameter, value: unknown): unknown {
  if (parameter.type.endsWith('[]')) return mapItems(parameter, value, normalize);
  if (parameter.type === 'address') return (value as string).toLowerCase();
  // PostgreSQL stores no NUL, and anyone may put one into a text.
  if (parameter.type === 'string') return (value as string).replaceAll('\0', '\uFFFD');
  if (parameter.type === 'tuple') return mapFields(parameter, value, normalize);
  return isWide(parameter) ? BigInt(value as bigint | number) : value;
}

function reviverOf(parameter: AbiParameter): (value: unknown) => unknown {
  return isWide(parameter) ? (value) => BigInt(value as string) : (value) => fromJson(parameter, value);
}

function fromJson(parameter: AbiParameter, value: unknown): unknown {
  if (parameter.type.endsWith('[]')) return mapItems(parameter, value, fromJson);
  if (parameter.type === 'tuple') return mapFields(parameter, value, fromJson);
  return isWide(parameter) ? BigInt(value as string) : value;
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  return typeof value === 'object' && value !== null ? storedArgs(value as Record<string, unknown>) : value;
}

function mapFields(
  parameter: AbiParameter,
  value: unknown,
  map: (field: AbiParameter, value: unknown) => unknown,
): Record<string, unknown> {
  const fields: readonly AbiParameter[] = 'components' in parameter ? parameter.components : [];
  const source = value as Record<string, unknown>;
  return Object.fromEntries(
    fields.map((field) => {
      const name = field.name ?? '';
      return [name, map(field, source[name])];
    }),
  );
}

function mapItems(
  parameter: AbiParameter,
  value: unknown,
  map: (item: AbiParameter, value: unknown) => unknown,
): unknown[] {
  const item = { ...parameter, type: parameter.type.slice(0, -2) };
  return (value as unknown[]).map((one) => map(item, one));
}

function isWide({ type }: AbiParameter): boolean {
  const bits = /^u?int(\d+)$/.exec(type)?.[1];
  return bits !== undefined && Number(bits) > 32;
}
