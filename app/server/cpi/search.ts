/** Identifiers by prefix and by attribute, in pages that follow the order of their texts. */
import { z } from 'zod';
import { keyOf } from '../../../domain/metrology/cards.ts';
import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';
import type { CpiPage } from '../../cpi-views.ts';
import { parse } from '../parse.ts';
import { address } from '../wire.ts';

const MOST_ITEMS = 200;
/** What no identifier holds, no table does. */
const text = z
  .string()
  .max(512)
  .regex(/^[^\0]*$/, 'a NUL is in no identifier');

/** What `GET /api/v1/cpi` takes. */
export const searchSchema = z.strictObject({
  /** Beginning of the identifier, e.g. `cpi1:LGSZ,6450,31`. */
  prefix: text.default(''),
  /** CN-31, NL; or CN for all of them. */
  region: z
    .string()
    .regex(/^[A-Z]{2}(-[0-9]{2})?$/, 'a country as NL, or a province as CN-31, is needed')
    .optional(),
  city: text.optional(),
  industry: text.optional(),
  chip: text.optional(),
  provider: address.optional(),
  grade: z.enum(['super', 'large', 'medium', 'small']).optional(),
  /** `next` of the page before. */
  after: text.default(''),
  limit: z.coerce.number().int().min(1).max(MOST_ITEMS).default(50),
});

/** @throws Refusal MALFORMED, naming the parameter */
export async function searchIdentifiers(db: Database, query: URLSearchParams): Promise<CpiPage> {
  const wish = parse(searchSchema, Object.fromEntries(query));
  const { limit } = wish;
  const found = await db.$queryRaw<CpiPage['items']>`
    SELECT text AS identifier, node, provider, region, chip, gflops::text AS gflops, grade
    FROM identifier WHERE ${Prisma.join(conditions(wish), ' AND ')} ORDER BY text LIMIT ${limit + 1}`;
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? items.at(-1)!.identifier : null };
}

function conditions(wish: z.output<typeof searchSchema>): Prisma.Sql[] {
  const { prefix, after, region, city, industry, chip, provider, grade } = wish;
  const wanted = [Prisma.sql`text > ${after}`];
  // The column is in the order of bytes: what begins with the prefix lies below its highest continuation.
  if (prefix !== '') wanted.push(Prisma.sql`text >= ${prefix} AND text < ${`${prefix}\u{10ffff}`}`);
  if (region === 'CN') wanted.push(Prisma.sql`region >= 'CN-' AND region < 'CN.'`);
  else if (region !== undefined) wanted.push(Prisma.sql`region = ${region}`);
  if (city !== undefined) wanted.push(Prisma.sql`city = ${city}`);
  if (industry !== undefined) wanted.push(Prisma.sql`industry = ${industry}`);
  if (chip !== undefined) wanted.push(Prisma.sql`chip = ${keyOf(chip).key}`);
  if (provider !== undefined) wanted.push(Prisma.sql`provider = ${provider}`);
  if (grade !== undefined) wanted.push(Prisma.sql`grade = ${grade}`);
  return wanted;
}
