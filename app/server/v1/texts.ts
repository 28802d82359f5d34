/** The small parts that the API's schemas are made of: what comes in is checked and brought into one form, what goes out is described. */
import { z } from 'zod';
import type { Hex } from '../../../domain/types.ts';

function hexText(bytes: number, what: string) {
  return z
    .string()
    .regex(
      new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`),
      `${what} as 0x and ${bytes * 2} hexadecimal digits is needed`,
    )
    .transform((value) => value.toLowerCase() as Hex);
}

/** Taken: an address or a hash in any case becomes lower-case. */
export const addressIn = hexText(20, 'an address');
export const hashIn = hexText(32, 'a hash');

/** Taken: a whole number of at most 18 decimal digits. */
export const integerIn = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,17})$/, 'a whole number in decimal digits is needed')
  .transform(BigInt);

/** A whole number beyond 32 bits: decimal digits. */
export const decimal = z.string().regex(/^-?[0-9]+$/);
/** Money in base units of the token. */
export const money = decimal.describe('base units of the token');
/** Unix seconds of chain time. */
export const seconds = decimal.describe('unix seconds of chain time');
export const addressOut = z.string().regex(/^0x[0-9a-f]{40}$/);
export const hashOut = z.string().regex(/^0x[0-9a-f]{64}$/);
export const hexOut = z.string().regex(/^0x[0-9a-f]*$/);
/** ISO 8601, UTC. */
export const moment = z.string().describe('ISO 8601, UTC');
/** What every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(512).optional().describe('`next` of the page before'),
};

/** What every list answers. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('`cursor` of the next page; null on the last'),
  });
}
