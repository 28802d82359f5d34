/**
 * One form for every task (002, sections 3.1 and 5.4): what it is, what it needs, where its data lie, how long it can wait, and where it may
 * run. docs/tasks.md has it in words. An order carries what the auction judges; the gateway judges the rest before it quotes.
 */
import { ZERO_HASH } from '../hash.ts';
import { classId, regionId } from '../names.ts';
import { Refusal } from '../refusal.ts';
import { classesFor, MAX_CLASSES, requirementOf } from '../requirement.ts';
import type { Hex, Order } from '../types.ts';
import { parseMoney } from '../units.ts';
import { REFERENCE, taskVector } from '../vectors.ts';
import { isTaskKind, TASK_KINDS, type TaskKind } from './kind.ts';

export interface Task {
  version: 1;
  kind: TaskKind;
  resources: {
    /** Names of resource classes that would do; none means any. */
    classes: string[];
    cards: number;
    /** How long it holds them, seconds. */
    seconds: number;
    /** Bandwidth that it wants at its node, Mb/s, and disk, GB; 0 for whatever there is. */
    networkMbps: number;
    storageGb: number;
  };
  /** Where the data lie that have to come to the node; absent when there are none. */
  data?: { region: string; gigabytes: number };
  /** Longest round trip between the data and the node, milliseconds; 0 for any. */
  maxRttMs: number;
  /** Seconds from now until the work must be done. */
  toleranceSeconds: number;
  place: {
    /** The one region where it may run; absent for any. */
    region?: string;
    /** Address of the provider that it comes from: its nodes come first where others are equally good (002, section 3.5). */
    provider?: Hex;
  };
  compliance: { minTier: number; minReputation: number };
  /** The most that it pays, base units per card-hour; absent when it does not say. */
  maxPrice?: bigint;
}

const MOST_SECONDS = 31_536_000;

/** A task out of anything. @throws Refusal MALFORMED, UNSUPPORTED, naming the field and what it may be */
export function parseTask(value: unknown): Task {
  const task = record(value, 'task', [
    'version',
    'kind',
    'resources',
    'data',
    'maxRttMs',
    'toleranceSeconds',
    'place',
    'compliance',
    'maxPrice',
  ]);
  if (task['version'] !== 1) throw wrong('version', 'must be 1');
  if (!isTaskKind(task['kind'])) throw wrong('kind', `must be ${TASK_KINDS.join(', ')}`);
  const given = record(task['resources'], 'resources', [
    'classes',
    'cards',
    'seconds',
    'networkMbps',
    'storageGb',
  ]);
  const place = record(task['place'] ?? {}, 'place', ['region', 'provider']);
  const compliance = record(task['compliance'] ?? {}, 'compliance', ['minTier', 'minReputation']);
  const resources = {
    classes: texts(given['classes'] ?? [], 'resources.classes'),
    cards: integer(given['cards'], 'resources.cards', 1, 0x7fff),
    seconds: integer(given['seconds'], 'resources.seconds', 1, MOST_SECONDS),
    networkMbps: integer(given['networkMbps'] ?? 0, 'resources.networkMbps', 0, 0xffffffff),
    storageGb: integer(given['storageGb'] ?? 0, 'resources.storageGb', 0, 0xffffffff),
  };
  const toleranceSeconds = integer(task['toleranceSeconds'], 'toleranceSeconds', 1, 2 * MOST_SECONDS);
  if (toleranceSeconds < resources.seconds)
    throw new Refusal(
      'UNSUPPORTED',
      `The task holds its cards for ${resources.seconds} s and must be done in ${toleranceSeconds} s.`,
      'Allow at least as long as it runs.',
    );
  const parsed: Task = {
    version: 1,
    kind: task['kind'],
    resources,
    maxRttMs: integer(task['maxRttMs'] ?? 0, 'maxRttMs', 0, 60_000),
    toleranceSeconds,
    place: {
      ...(place['region'] === undefined ? {} : { region: text(place['region'], 'place.region') }),
      ...(place['provider'] === undefined ? {} : { provider: address(place['provider'], 'place.provider') }),
    },
    compliance: {
      minTier: integer(compliance['minTier'] ?? 0, 'compliance.minTier', 0, 255),
      minReputation: integer(compliance['minReputation'] ?? 0, 'compliance.minReputation', 0, 10_000),
    },
  };
  if (task['data'] !== undefined) {
    const data = record(task['data'], 'data', ['region', 'gigabytes']);
    parsed.data = {
      region: text(data['region'], 'data.region'),
      gigabytes: integer(data['gigabytes'], 'data.gigabytes', 0, 0xffffffff),
    };
  }
  if (task['maxPrice'] !== undefined) parsed.maxPrice = price(task['maxPrice'], 'maxPrice');
  checkHolds(parsed);
  return parsed;
}

/** What an order says of a task: all that the auction and the contracts judge. */
export type TaskTerms = Pick<
  Order,
  | 'requirement'
  | 'cards'
  | 'duration'
  | 'taskCompute'
  | 'taskNetwork'
  | 'taskStorage'
  | 'region'
  | 'latestStart'
  | 'minReputation'
  | 'minTier'
> & { classes: Hex[]; startPrice?: bigint };

/** @param now chain time, unix seconds */
export function termsOf(task: Task, now: bigint): TaskTerms {
  const { resources, toleranceSeconds, place, compliance, maxPrice } = task;
  const ids = resources.classes.map(classId);
  return {
    requirement: requirementOf(ids),
    classes: classesFor(ids),
    cards: resources.cards,
    duration: resources.seconds,
    ...taskVector(resources),
    region: place.region === undefined ? ZERO_HASH : regionId(place.region),
    latestStart: now + BigInt(toleranceSeconds - resources.seconds),
    ...compliance,
    ...(maxPrice === undefined ? {} : { startPrice: maxPrice }),
  };
}

/** A wish beyond the reference server is capped in the vectors: it would be forgotten rather than met. */
function checkHolds({ resources }: Task): void {
  for (const [field, most] of [
    ['networkMbps', REFERENCE.networkMbps],
    ['storageGb', REFERENCE.storageGb],
  ] as const)
    if (BigInt(resources[field]) > most)
      throw new Refusal(
        'UNSUPPORTED',
        `No node holds a task with resources.${field} ${resources[field]}: the reference server has ${most}.`,
        `Set resources.${field} to ${most} or less, or split the task.`,
      );
}

function wrong(field: string, what: string): Refusal {
  return new Refusal('MALFORMED', `The task's ${field} ${what}.`, 'See docs/tasks.md for every field.');
}

function record(value: unknown, field: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(field, 'must be an object');
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger !== undefined) throw wrong(field, `has no field "${stranger.slice(0, 40)}"`);
  return value as Record<string, unknown>;
}

function integer(value: unknown, field: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw wrong(field, `must be a whole number, ${least} to ${most}`);
  return value;
}

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '' || value.length > 64)
    throw wrong(field, 'must be a text of 1 to 64 characters');
  return value;
}

function price(value: unknown, field: string): bigint {
  const what = 'must be a text with the tokens per card-hour, above 0, with at most 6 decimals';
  if (typeof value !== 'string' || !/^\d{1,20}(\.\d{1,6})?$/.test(value)) throw wrong(field, what);
  const units = parseMoney(value);
  if (units === 0n) throw wrong(field, what);
  return units;
}

function address(value: unknown, field: string): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value))
    throw wrong(field, 'must be an address, 0x and 40 hexadecimal digits');
  return value.toLowerCase() as Hex;
}

function texts(value: unknown, field: string): string[] {
  if (!Array.isArray(value) || value.length > MAX_CLASSES)
    throw wrong(field, `must be a list of at most ${MAX_CLASSES} names`);
  const names = value.map((name) => text(name, field));
  if (new Set(names).size < names.length) throw wrong(field, 'must name each class once');
  return names;
}
