/** What was used over a time and what the pool can do: card-hours, those of the reference card, peaks (document 001, Eq. 1). */
import { z } from 'zod';
import { poolCapacity, type CapacityKind, type ChipGroup } from '../../../domain/metrology/capacity.ts';
import { cardRows, fp16Of, REFERENCE_CARD } from '../../../domain/metrology/cards.ts';
import { cardSeconds, peakMeasure, referenceSeconds, type Use } from '../../../domain/metrology/hours.ts';
import { Refusal } from '../../../domain/refusal.ts';
import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';
import type { CpiUsage } from '../../cpi-views.ts';
import { parse } from '../parse.ts';
import { mustAgree } from '../must-agree.ts';

const KEYS = {
  chip: Prisma.sql`i.chip`,
  region: Prisma.sql`i.region`,
  industry: Prisma.sql`i.industry`,
  provider: Prisma.sql`i.provider`,
};
const NAMES = Object.keys(KEYS) as [keyof typeof KEYS, ...(keyof typeof KEYS)[]];

const DAY = 86_400n;
/** Leases that one answer may be made of. */
const MOST_LEASES = 200_000;
const GIGA = 1_000_000_000n;

const time = z
  .string()
  .regex(/^[0-9]{1,12}$/, 'unix seconds are needed')
  .transform(BigInt)
  .optional();
const usageSchema = z.strictObject({ by: z.enum(NAMES).default('chip'), from: time, to: time });

interface LeaseUse extends Use {
  key: string;
  chip: string;
}

/** @throws Refusal MALFORMED; TOO_WIDE for a time with more leases than one answer may be made of */
export async function usageOf(db: Database, query: URLSearchParams): Promise<CpiUsage> {
  await mustAgree(db, 'lease', 'node');
  const wish = parse(usageSchema, Object.fromEntries(query));
  const newest = await db.block.findFirst({ orderBy: { number: 'desc' }, select: { timestamp: true } });
  const to = wish.to ?? newest?.timestamp ?? 0n;
  const from = wish.from ?? (to > DAY ? to - DAY : 0n);
  if (from >= to)
    throw new Refusal(
      'MALFORMED',
      'The time ends before it begins.',
      'Give from and to as unix seconds, from first.',
    );
  const uses = await db.$queryRaw<LeaseUse[]>`
    SELECT ${KEYS[wish.by]} AS key, i.chip, l.cards, l.start, l."end"
    FROM lease l JOIN identifier i ON i.node = l.node WHERE l.start < ${to} AND l."end" > ${from} LIMIT ${MOST_LEASES + 1}`;
  if (uses.length > MOST_LEASES)
    throw new Refusal(
      'TOO_WIDE',
      `More than ${MOST_LEASES} leases fall into this time.`,
      'Ask for a shorter one.',
    );
  const supply = await db.$queryRaw<{ chip: string; cards: number }[]>`
    SELECT i.chip, sum(n.cards)::int AS cards FROM identifier i JOIN node n ON n.id = i.node GROUP BY 1`;
  return {
    by: wish.by,
    from: from.toString(),
    to: to.toString(),
    reference: REFERENCE_CARD,
    rows: rowsOf(uses, from, to),
    capacity: capacityOf(supply, uses, from, to),
  };
}

function rowsOf(uses: readonly LeaseUse[], from: bigint, to: bigint): CpiUsage['rows'] {
  return [...Map.groupBy(uses, ({ key }) => key)]
    .map(([key, own]) => {
      const { peak, peakAt, burstHundredths, cardSeconds: seconds } = peakMeasure(own, from, to);
      // A model without a rate counts in no other's hours.
      const normalised = [...Map.groupBy(own, ({ chip }) => chip)].map(([chip, some]) =>
        referenceSeconds(chip, cardSeconds(some, from, to)),
      );
      const reference = normalised.includes(null) ? null : normalised.reduce((sum, part) => sum! + part!, 0n);
      return {
        key,
        cardHours: hours(seconds),
        referenceCardHours: reference === null ? null : hours(reference),
        peakCards: peak,
        peakAt: peakAt.toString(),
        burst: burstHundredths / 100,
      };
    })
    .sort((a, b) => b.cardHours - a.cardHours || (a.key < b.key ? -1 : 1));
}

/** Eq. (1) of the whole pool; H is the average of the daily peaks, over the days on which anything ran. */
function capacityOf(
  supply: readonly { chip: string; cards: number }[],
  uses: readonly LeaseUse[],
  from: bigint,
  to: bigint,
): CpiUsage['capacity'] {
  const groups = supply.flatMap(({ chip, cards }): ChipGroup[] => {
    const known = ratedOf(chip);
    return known === null ? [] : [{ kind: known.kind, chips: cards, rate: BigInt(known.gflops) * GIGA }];
  });
  const rated = uses.flatMap(({ chip, cards, start, end }) => {
    const known = ratedOf(chip);
    return known === null ? [] : [{ kind: known.kind, cards: cards * known.gflops, start, end }];
  });
  const peaks: Partial<Record<CapacityKind, bigint>> = {};
  for (const [kind, own] of Map.groupBy(rated, (use) => use.kind)) {
    const daily: bigint[] = [];
    for (let day = from - (from % DAY); day < to; day += DAY) {
      const { peak } = peakMeasure(own, day > from ? day : from, day + DAY < to ? day + DAY : to);
      if (peak > 0) daily.push(BigInt(peak) * GIGA);
    }
    if (daily.length > 0) peaks[kind] = daily.reduce((sum, peak) => sum + peak) / BigInt(daily.length);
  }
  const capacity = poolCapacity(groups, peaks);
  return Object.fromEntries(
    Object.entries(capacity).map(([kind, { sum, redundant, total }]) => [
      kind,
      { sum: sum.toString(), redundant: redundant.toString(), total: total.toString() },
    ]),
  );
}

function ratedOf(chip: string): { kind: CapacityKind; gflops: number } | null {
  const rate = fp16Of(chip);
  const kind = cardRows(chip)[0]?.kind;
  return rate === null || kind === undefined ? null : { kind, gflops: rate.low };
}

/** Two decimals, rounded down. */
function hours(seconds: bigint): number {
  return Number(seconds / 36n) / 100;
}
