/** API keys: for programs of an account, each with its scopes, its end and its own limit of a day's spending. */
import { timingSafeEqual } from 'node:crypto';
import { Refusal } from '../../../../domain/refusal.ts';
import type { Hex } from '../../../../domain/types.ts';
import { formatMoney } from '../../../../domain/units.ts';
import type { Database } from '../../../../prisma/client.ts';
import type { Scope } from '../access.ts';
import { hashOf, newId, newToken } from './tokens.ts';

/** Keys that are alive at once. */
const MOST_KEYS = 50;
const FORM = /^ch_([0-9a-f]{24})_([A-Za-z0-9_-]{43})$/;

export interface KeyWish {
  name: string;
  scopes: Scope[];
  spendPerDay: bigint | null;
  expiresAt: Date | null;
}

/** @returns the key's text, which is shown this once */
export async function makeKey(
  db: Database,
  account: Hex,
  wish: KeyWish,
): Promise<{ id: string; key: string }> {
  const alive = await db.apiKey.count({ where: { account, revokedAt: null } });
  if (alive >= MOST_KEYS)
    throw new Refusal('TOO_LARGE', `The account has ${alive} keys.`, 'Revoke one that is not used any more.');
  const id = newId();
  const secret = newToken();
  await db.apiKey.create({
    data: {
      id,
      account,
      name: wish.name,
      secretHash: hashOf(secret),
      scopes: [...new Set(wish.scopes)],
      spendPerDay: wish.spendPerDay?.toString() ?? null,
      expiresAt: wish.expiresAt,
    },
  });
  return { id, key: `ch_${id}_${secret}` };
}

export interface KeyHolder {
  id: string;
  account: Hex;
  scopes: Scope[];
}

/** Who a key's text speaks for; null for none, a revoked or an expired one. */
export async function holderOf(db: Database, text: string, now: Date): Promise<KeyHolder | null> {
  const [, id, secret] = FORM.exec(text) ?? [];
  if (id === undefined || secret === undefined) return null;
  const row = await db.apiKey.findUnique({ where: { id } });
  if (row === null || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now)) return null;
  if (!timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(row.secretHash))) return null;
  return { id, account: row.account as Hex, scopes: row.scopes as Scope[] };
}

/**
 * Counts what an order may lock against the day's limit of the key that it came with, in one statement: two orders at the
 * same time can't both take the last of it.
 * @throws Refusal SPENDING_LIMIT
 */
export async function spendWith(db: Database, keyId: string, amount: bigint, now: Date): Promise<void> {
  const day = Math.floor(now.getTime() / 86_400_000);
  const changed = await db.$executeRaw`
    INSERT INTO api_key_spend ("keyId", day, amount)
    SELECT k.id, ${day}::int, ${amount.toString()}::numeric FROM api_key k
      WHERE k.id = ${keyId} AND (k."spendPerDay" IS NULL OR k."spendPerDay" >= ${amount.toString()}::numeric)
    ON CONFLICT ("keyId", day) DO UPDATE SET amount = api_key_spend.amount + excluded.amount
      WHERE api_key_spend.amount + excluded.amount <=
        coalesce((SELECT "spendPerDay" FROM api_key WHERE id = ${keyId}), api_key_spend.amount + excluded.amount)`;
  if (changed === 1) return;
  throw new Refusal(
    'SPENDING_LIMIT',
    `The order may lock ${formatMoney(amount)}, more than the key may still spend today (UTC).`,
    'Wait for the next day, or use a key with a higher limit.',
    { retryable: true },
  );
}

/** Gives back what an order that was refused had counted. */
export async function unspendWith(db: Database, keyId: string, amount: bigint, now: Date): Promise<void> {
  const day = Math.floor(now.getTime() / 86_400_000);
  await db.$executeRaw`
    UPDATE api_key_spend SET amount = amount - ${amount.toString()}::numeric WHERE "keyId" = ${keyId} AND day = ${day}::int`;
}
