import type { Pool, PoolClient } from 'pg';
import type { Hex } from '../../domain/types.ts';

/** `signed` stored; `sent` handed to a node; `mined` succeeded; `failed` mined and reverted. A reorganisation may undo the last two. */
export type IntentState = 'signed' | 'sent' | 'mined' | 'failed';

/** A transaction as stored before its broadcast. */
export interface Intent {
  effect: string;
  nonce: number;
  raw: Hex;
  hash: Hex;
  /** Hashes of earlier bytes of this effect: any of them may still be the one that is mined. */
  replaced: Hex[];
  state: IntentState;
}

/** What the signer makes of a nonce. */
export interface SignedBytes {
  effect: string;
  raw: Hex;
  hash: Hex;
}

/** A node that counts from the start again must not make us send our whole past. */
const MOST_AT_ONCE = 512;

const COLUMNS = 'effect, nonce, raw, hash, replaced, state';

/** Any constant tells our advisory locks from other users' of the same database. */
const NONCE_LOCK = 0x43484e;

/** Rows of `tx_intent` of one sender. Several processes write them at once. */
export interface IntentStore {
  find(effects: readonly string[]): Promise<Intent[]>;
  /** Intents from this nonce on, whatever their state, in nonce order; at most `MOST_AT_ONCE`. */
  from(nonce: number): Promise<Intent[]>;
  /** Intents below this nonce of which nobody has noted how they ended, in nonce order. */
  openBelow(nonce: number): Promise<Intent[]>;
  /**
   * Takes one nonce for each effect and stores what `sign` makes of it, all or nothing. Nobody else takes a
   * nonce meanwhile. An effect that is stored already keeps its bytes.
   */
  reserve(
    effects: readonly string[],
    firstFree: number,
    sign: (effect: string, nonce: number) => SignedBytes,
  ): Promise<Intent[]>;
  /** Stores bytes for a nonce that nobody holds; false when somebody does. */
  fill(nonce: number, bytes: SignedBytes): Promise<boolean>;
  /** New bytes for the nonce it has (a dearer fee). When another process was first, its bytes. */
  replace(intent: Intent, bytes: SignedBytes): Promise<Intent>;
  /** Moves an intent whose nonce somebody else used to a new nonce. When another process was first, its row. */
  renonce(
    intent: Intent,
    firstFree: number,
    sign: (effect: string, nonce: number) => SignedBytes,
  ): Promise<Intent>;
  /** Notes how far intents came; what is mined already is not called sent again. */
  mark(effects: readonly string[], state: Exclude<IntentState, 'signed'>): Promise<void>;
  forget(effects: readonly string[]): Promise<void>;
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

  const insert = async (client: Pool | PoolClient, fresh: readonly Intent[]): Promise<number> => {
    const { rowCount } = await client.query(
      `INSERT INTO tx_intent (effect, sender, nonce, raw, hash, replaced, state)
       SELECT effect, $1, nonce, raw, hash, '{}', 'signed'
       FROM unnest($2::text[], $3::int[], $4::text[], $5::text[]) AS t(effect, nonce, raw, hash)
       ON CONFLICT DO NOTHING`,
      [
        sender,
        fresh.map((intent) => intent.effect),
        fresh.map((intent) => intent.nonce),
        fresh.map((intent) => intent.raw),
        fresh.map((intent) => intent.hash),
      ],
    );
    return rowCount ?? 0;
  };

  /** New bytes for an intent that still is as we know it; else what it has become. */
  const rewrite = async (
    client: Pool | PoolClient,
    intent: Intent,
    nonce: number,
    bytes: SignedBytes,
  ): Promise<Intent> => {
    const { rows } = await client.query<Intent>(
      `UPDATE tx_intent SET nonce = $3, raw = $4, hash = $5, replaced = replaced || hash, state = 'signed'
       WHERE sender = $1 AND effect = $2 AND hash = $6 RETURNING ${COLUMNS}`,
      [sender, intent.effect, nonce, bytes.raw, bytes.hash, intent.hash],
    );
    return rows[0] ?? (await select(client, 'effect = $2', [intent.effect]))[0] ?? intent;
  };

  return {
    find: (effects) => select(pool, 'effect = ANY($2) ORDER BY nonce', [effects]),
    from: (nonce) => select(pool, `nonce >= $2 ORDER BY nonce LIMIT ${MOST_AT_ONCE}`, [nonce]),
    openBelow: (nonce) => select(pool, `nonce < $2 AND state IN ('signed', 'sent') ORDER BY nonce`, [nonce]),

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
        if ((await insert(client, fresh)) !== fresh.length)
          throw new Error(`effects ${effects.join(', ')} or their nonces belong to another sender`);
        return [...stored, ...fresh].sort((a, b) => a.nonce - b.nonce);
      }, firstFree),

    fill: (nonce, bytes) =>
      exclusively(
        async (client) => (await insert(client, [{ ...bytes, nonce, replaced: [], state: 'signed' }])) === 1,
        0,
      ),

    replace: (intent, bytes) => rewrite(pool, intent, intent.nonce, bytes),

    renonce: (intent, firstFree, sign) =>
      exclusively((client, next) => rewrite(client, intent, next, sign(intent.effect, next)), firstFree),

    async mark(effects, state) {
      const from = state === 'sent' ? `AND state = 'signed'` : '';
      await pool.query(`UPDATE tx_intent SET state = $3 WHERE sender = $1 AND effect = ANY($2) ${from}`, [
        sender,
        effects,
        state,
      ]);
    },

    async forget(effects) {
      await pool.query('DELETE FROM tx_intent WHERE sender = $1 AND effect = ANY($2)', [sender, effects]);
    },
  };
}
