import type { Pool, PoolClient } from 'pg';
import type { Hex } from '../../domain/types.ts';

/** `signed` stored; `sent` handed to a node; `mined` succeeded; `failed` mined and reverted. */
export type IntentState = 'signed' | 'sent' | 'mined' | 'failed';

/** A transaction as stored before its broadcast. */
export interface Intent {
  effect: string;
  nonce: number;
  raw: Hex;
  hash: Hex;
  /** Hashes of earlier, cheaper bytes under the same nonce. */
  replaced: Hex[];
  state: IntentState;
}

/** What the signer makes of a nonce. */
export interface SignedBytes {
  effect: string;
  raw: Hex;
  hash: Hex;
}

const COLUMNS = 'effect, nonce, raw, hash, replaced, state';

/** Any constant tells our advisory locks from other users' of the same database. */
const NONCE_LOCK = 0x43484e;

/** Rows of `tx_intent` of one sender. */
export interface IntentStore {
  find(effects: readonly string[]): Promise<Intent[]>;
  /** Unfinished intents from this nonce on, in nonce order. */
  unfinished(from: number): Promise<Intent[]>;
  /** The newest finished intents, for the check that no reorganisation took them out. */
  recentlyMined(limit: number): Promise<Intent[]>;
  /**
   * Takes one nonce for each effect and stores what `sign` makes of it, all or nothing. Nobody else takes a
   * nonce meanwhile. An effect that is stored already keeps its bytes.
   */
  reserve(
    effects: readonly string[],
    firstFree: number,
    sign: (effect: string, nonce: number) => SignedBytes,
  ): Promise<Intent[]>;
  /** New bytes for the nonce it has (a dearer fee). */
  replace(intent: Intent, bytes: SignedBytes): Promise<Intent>;
  /** Moves an intent whose nonce somebody else used to a new nonce. */
  renonce(
    intent: Intent,
    firstFree: number,
    sign: (effect: string, nonce: number) => SignedBytes,
  ): Promise<Intent>;
  mark(effects: readonly string[], state: IntentState): Promise<void>;
}

/** @param sender lower-case address whose nonces these are */
export function createIntentStore(pool: Pool, sender: Hex): IntentStore {
  const select = async (client: Pool | PoolClient, where: string, parameters: unknown[]): Promise<Intent[]> =>
    (
      await client.query<Intent>(`SELECT ${COLUMNS} FROM tx_intent WHERE sender = $1 AND ${where}`, [
        sender,
        ...parameters,
      ])
    ).rows;

  /** Runs `body` while no other process takes a nonce of this sender. */
  const exclusively = async <T>(
    body: (client: PoolClient, next: number) => Promise<T>,
    firstFree: number,
  ): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [NONCE_LOCK, sender]);
      const highest = await client.query<{ next: number }>(
        'SELECT coalesce(max(nonce) + 1, 0) AS next FROM tx_intent WHERE sender = $1',
        [sender],
      );
      const result = await body(client, Math.max(highest.rows[0]?.next ?? 0, firstFree));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  };

  return {
    find: (effects) => select(pool, 'effect = ANY($2) ORDER BY nonce', [effects]),
    unfinished: (from) => select(pool, `nonce >= $2 AND state IN ('signed', 'sent') ORDER BY nonce`, [from]),
    recentlyMined: (limit) => select(pool, `state = 'mined' ORDER BY nonce DESC LIMIT $2`, [limit]),

    reserve: (effects, firstFree, sign) =>
      exclusively(async (client, next) => {
        const stored = await select(client, 'effect = ANY($2)', [effects]);
        const have = new Set(stored.map((intent) => intent.effect));
        const fresh: Intent[] = [];
        for (const effect of effects) {
          if (have.has(effect)) continue;
          const nonce = next + fresh.length;
          fresh.push({ ...sign(effect, nonce), nonce, replaced: [], state: 'signed' });
        }
        await client.query(
          `INSERT INTO tx_intent (effect, sender, nonce, raw, hash, replaced, state)
           SELECT effect, $1, nonce, raw, hash, '{}', 'signed'
           FROM unnest($2::text[], $3::int[], $4::text[], $5::text[]) AS t(effect, nonce, raw, hash)`,
          [
            sender,
            fresh.map((intent) => intent.effect),
            fresh.map((intent) => intent.nonce),
            fresh.map((intent) => intent.raw),
            fresh.map((intent) => intent.hash),
          ],
        );
        return [...stored, ...fresh].sort((a, b) => a.nonce - b.nonce);
      }, firstFree),

    async replace(intent, bytes) {
      const replaced = [...intent.replaced, intent.hash];
      await pool.query(
        `UPDATE tx_intent SET raw = $3, hash = $4, replaced = $5, state = 'signed' WHERE sender = $1 AND effect = $2`,
        [sender, intent.effect, bytes.raw, bytes.hash, replaced],
      );
      return { ...intent, raw: bytes.raw, hash: bytes.hash, replaced, state: 'signed' };
    },

    renonce: (intent, firstFree, sign) =>
      exclusively(async (client, next) => {
        const bytes = sign(intent.effect, next);
        await client.query(
          `UPDATE tx_intent SET nonce = $3, raw = $4, hash = $5, replaced = '{}', state = 'signed'
           WHERE sender = $1 AND effect = $2`,
          [sender, intent.effect, next, bytes.raw, bytes.hash],
        );
        return {
          effect: intent.effect,
          nonce: next,
          raw: bytes.raw,
          hash: bytes.hash,
          replaced: [],
          state: 'signed',
        };
      }, firstFree),

    async mark(effects, state) {
      await pool.query('UPDATE tx_intent SET state = $3 WHERE sender = $1 AND effect = ANY($2)', [
        sender,
        effects,
        state,
      ]);
    },
  };
}
