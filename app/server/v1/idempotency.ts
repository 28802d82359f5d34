/** The same request again, by its Idempotency-Key, gets the same answer and is done once. */
import { createHash } from 'node:crypto';
import { Refusal } from '../../../domain/refusal.ts';
import type { Database } from '../../../prisma/client.ts';

/** Answers are kept for a day. */
const KEPT_MS = 86_400_000;
/** A first request that has not ended by then ended with its process. */
const STUCK_MS = 120_000;
const FORM = /^[\x21-\x7e]{1,128}$/;

export interface KeptAnswer {
  status: number;
  body: string;
}

/**
 * @param work makes the answer; when it throws, the key is free again
 * @returns the kept answer, or null when `work` made it now
 * @throws Refusal MALFORMED, SAME_KEY
 */
export async function once(
  db: Database,
  owner: string,
  key: string,
  request: string,
  work: () => Promise<KeptAnswer>,
): Promise<{ answer: KeptAnswer; again: boolean }> {
  if (!FORM.test(key))
    throw new Refusal(
      'MALFORMED',
      'The Idempotency-Key is not 1 to 128 printable characters.',
      'Send a UUID.',
    );
  const requestHash = createHash('sha256').update(request).digest('hex');
  const ago = (ms: number): Date => new Date(Date.now() - ms);
  await db.idempotentAnswer.deleteMany({
    where: {
      owner,
      key,
      OR: [{ createdAt: { lt: ago(KEPT_MS) } }, { status: null, createdAt: { lt: ago(STUCK_MS) } }],
    },
  });
  const { count } = await db.idempotentAnswer.createMany({
    data: [{ owner, key, requestHash }],
    skipDuplicates: true,
  });
  if (count === 0) {
    const row = await db.idempotentAnswer.findUnique({ where: { owner_key: { owner, key } } });
    if (row === null || row.requestHash !== requestHash || row.status === null) {
      const other = row !== null && row.requestHash !== requestHash;
      throw new Refusal(
        'SAME_KEY',
        other
          ? 'Another request carried this Idempotency-Key.'
          : 'A request with this Idempotency-Key is at work.',
        other ? 'Use a key of its own for each request.' : 'Ask again in a moment.',
        { retryable: !other },
      );
    }
    return { answer: { status: row.status, body: row.body }, again: true };
  }
  try {
    const answer = await work();
    await db.idempotentAnswer.update({ where: { owner_key: { owner, key } }, data: answer });
    return { answer, again: false };
  } catch (error) {
    await db.idempotentAnswer.deleteMany({ where: { owner, key } });
    throw error;
  }
}

/** Forgets answers of more than a day ago. */
export async function forgetAnswers(db: Database): Promise<void> {
  await db.idempotentAnswer.deleteMany({ where: { createdAt: { lt: new Date(Date.now() - KEPT_MS) } } });
}
