/** What a class cost lately: the base of its quotes. */
import type { ClassPrices } from '../../../domain/pricing.ts';
import type { Hex } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';

/** Newest matches that are looked at, however many slots they are of. */
const MATCHES = 2_000;
/** What is older says nothing of today, seconds. */
const LATELY = 86_400n;

/**
 * @param wanted classes; none means all that there are
 * @param now chain time, unix seconds
 */
export async function pricesOf(
  db: Database,
  wanted: readonly Hex[],
  now: bigint,
  slotSeconds: bigint,
): Promise<ClassPrices[]> {
  const since = (now - LATELY) / slotSeconds;
  const [clearings, listed] = await Promise.all([
    db.$queryRaw<{ resourceClass: Hex; slot: bigint; price: string }[]>`
      SELECT n."resourceClass", m.slot, m.price::text AS price
      FROM (SELECT slot, index, "orderId", "runnerUp", price FROM slot_match WHERE slot >= ${since}
            ORDER BY slot DESC, index DESC LIMIT ${MATCHES}) m
        JOIN lease l ON l."sourceId" = m."orderId" AND l.slot = m.slot
        JOIN node n ON n.id = l.node
      WHERE m."runnerUp" IS NOT NULL`,
    db.$queryRaw<{ resourceClass: Hex; price: string }[]>`
      SELECT l."resourceClass", min(l.price)::text AS price
      FROM listing l
        JOIN node n ON n.id = l.node AND n.provider = l.provider AND n.epoch = (l.message->>'nodeEpoch')::bigint
        JOIN provider p ON p.address = l.provider AND p."exitAt" IS NULL
        LEFT JOIN fill f ON f.id = l.id
      WHERE l."validUntil" >= ${now} AND l.cards > coalesce(f.filled, 0)
        AND NOT EXISTS (SELECT 1 FROM used_nonce u
          WHERE u.kind = 'listing' AND u.account = l.provider AND u.nonce = (l.message->>'nonce')::numeric)
      GROUP BY 1`,
  ]);
  const byClass = Map.groupBy(clearings, (row) => row.resourceClass);
  const listings = new Map(listed.map((row) => [row.resourceClass, BigInt(row.price)]));
  const classes = wanted.length > 0 ? wanted : [...new Set([...byClass.keys(), ...listings.keys()])];
  return classes.map((resourceClass) => ({
    clearings: (byClass.get(resourceClass) ?? []).map(({ slot, price }) => ({ slot, price: BigInt(price) })),
    listed: listings.get(resourceClass) ?? null,
  }));
}
