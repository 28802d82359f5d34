/** Takes what providers' agents say about clusters: signed, fresh, and about their own nodes alone. */
import { hashMessage } from 'viem';
import { z } from 'zod';
import { announcementDigest, measurementsDigest } from '../../../domain/cluster-words.ts';
import { TRIPS_KEPT } from '../../../domain/latency.ts';
import { Refusal } from '../../../domain/refusal.ts';
import { recoverSigner } from '../../../domain/signature.ts';
import type { Hex, SigningDomain } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';
import { parse } from '../parse.ts';
import { countRefusals } from '../refusals.ts';
import { address, hash, signature } from '../wire.ts';

export interface Gate {
  db: Database;
  domain: SigningDomain;
  /** Unix seconds. */
  chainNow(): Promise<bigint>;
}

/** A word is as fresh as that, seconds of chain time. */
const FRESH_SECONDS = 120n;
const MOST_NODES = 256;
const MOST_TRIPS = 1_024;
const LONGEST_TRIP = 60_000_000;

export const at = z.string().regex(/^[0-9]{1,15}$/);
const said = { provider: address, at, signature };
export const announcementSchema = z.strictObject({
  ...said,
  endpoints: z
    .array(
      z.strictObject({
        node: hash,
        host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a host name or an address is needed'),
        port: z.number().int().min(1).max(65_535),
      }),
    )
    .max(MOST_NODES),
});
export const measurementsSchema = z.strictObject({
  ...said,
  trips: z
    .array(z.strictObject({ from: hash, to: hash, micros: z.number().int().min(1).max(LONGEST_TRIP) }))
    .min(1)
    .max(MOST_TRIPS),
});

/** Where the provider's nodes answer pings, in place of what it announced before. @throws Refusal, counted */
export function acceptAnnouncement(gate: Gate, input: unknown): Promise<void> {
  return counted(gate, async () => {
    const { signature: by, ...word } = parse(announcementSchema, input);
    const now = await checkWord(gate, word, announcementDigest(gate.domain, word), by);
    const { provider, endpoints } = word;
    await checkOwner(
      gate,
      provider,
      endpoints.map(({ node }) => node),
    );
    const nodes = endpoints.map(({ node }) => node);
    if (new Set(nodes).size < nodes.length)
      throw new Refusal('MALFORMED', 'A node is announced twice.', 'Name each node once.');
    await gate.db.$transaction([
      gate.db.nodeEndpoint.deleteMany({ where: { OR: [{ provider }, { node: { in: nodes } }] } }),
      gate.db.nodeEndpoint.createMany({ data: endpoints.map((row) => ({ ...row, provider, at: now })) }),
    ]);
  });
}

/** Round trips from the provider's nodes. @throws Refusal, counted */
export function acceptMeasurements(gate: Gate, input: unknown): Promise<void> {
  return counted(gate, async () => {
    const { signature: by, ...word } = parse(measurementsSchema, input);
    const now = await checkWord(gate, word, measurementsDigest(gate.domain, word), by);
    await checkOwner(
      gate,
      word.provider,
      word.trips.map(({ from }) => from),
    );
    const [from, to] = [word.trips.map((trip) => trip.from), word.trips.map((trip) => trip.to)];
    const micros = word.trips.map((trip) => trip.micros);
    await gate.db.$transaction([
      gate.db.$executeRaw`
        INSERT INTO node_latency ("from", "to", at, micros)
        SELECT DISTINCT ON (t.f, t.t) t.f, t.t, ${now}, t.m FROM unnest(${from}::text[], ${to}::text[], ${micros}::int[]) AS t(f, t, m)
          JOIN node_endpoint e ON e.node = t.t
        ON CONFLICT DO NOTHING`,
      gate.db.$executeRaw`
        DELETE FROM node_latency l USING (
          SELECT "from", "to", at, row_number() OVER (PARTITION BY "from", "to" ORDER BY at DESC) AS place
          FROM node_latency WHERE "from" = ANY(${from}::text[])) old
        WHERE old.place > ${TRIPS_KEPT} AND l."from" = old."from" AND l."to" = old."to" AND l.at = old.at`,
    ]);
  });
}

/** @returns the chain's time @throws Refusal when the word is old, or not the provider's */
export async function checkWord(
  gate: Gate,
  { provider, at: time }: { provider: Hex; at: string },
  digest: Hex,
  by: Hex,
): Promise<bigint> {
  const now = await gate.chainNow();
  const age = now - BigInt(time);
  if (age > FRESH_SECONDS || age < -FRESH_SECONDS)
    throw new Refusal(
      'EXPIRED',
      `The word is of ${time}, the chain's time is ${now}.`,
      `Sign it again: it counts for ${FRESH_SECONDS} seconds.`,
    );
  const row = await gate.db.provider.findUnique({ where: { address: provider }, select: { signer: true } });
  if (row === null || recoverSigner(hashMessage({ raw: digest }), by) !== row.signer)
    throw new Refusal(
      'BAD_SIGNATURE',
      `The word is not signed by the signing key of provider ${provider}.`,
      'Sign its digest (EIP-191) with the key that the registry names.',
    );
  return now;
}

export async function checkOwner(gate: Gate, provider: Hex, nodes: readonly Hex[]): Promise<void> {
  const wanted = [...new Set(nodes)];
  const own = await gate.db.node.count({ where: { id: { in: wanted }, provider } });
  if (own < wanted.length)
    throw new Refusal(
      'NOT_NODE_OWNER',
      `A node of these is not one of ${provider}.`,
      'Speak of your own nodes, once they are indexed.',
    );
}

export async function counted<T>({ db }: Gate, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) await countRefusals(db, 'cluster', [error]);
    throw error;
  }
}
