import { Contract } from 'ethers';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { slotInputs } from '../../app/server/reads/slots.ts';
import { testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { verifySlot } from '../../domain/verify.ts';
import { createIndexer } from '../../indexer/indexer.ts';
import { createDatabase } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { openProvider } from '../../scheduler/provider.ts';
import { addressOf } from '../scheduler/market.ts';
import { readTables } from '../support/tables.ts';
import type { World } from './world.ts';

/** What the market is like after everything; each list names what is wrong. */
export interface Findings {
  slots: number;
  /** Slots of which every rule passes. */
  verified: number;
  /** Promised orders that were not in their slot, or left the book before their time. */
  lost: string[];
  /** Orders with two leases, slots or pages committed twice. */
  double: string[];
  /** Nonces that are taken and not on the chain, and what is still open. */
  stuckNonces: string[];
  /** Money or rows that do not add up. */
  unaccounted: string[];
  /** Slots that break a rule. */
  unverified: string[];
}

export async function audit(world: World): Promise<Findings> {
  const { verified, slots, unverified } = await verify(world);
  return {
    slots,
    verified,
    unverified,
    lost: await lost(world),
    double: await double(world),
    stuckNonces: await stuckNonces(world),
    unaccounted: [...(await money(world)), ...(await rows(world))],
  };
}

async function verify({ pool, db, chain, clock, market }: World) {
  const { rows: committed } = await pool.query<{ slot: string }>('SELECT slot FROM slot ORDER BY slot');
  const { deployment } = market;
  const source = createEvidence({ rpcUrl: chain.rpcUrl, deployment });
  const unverified: string[] = [];
  for (const row of committed) {
    const slot = BigInt(row.slot);
    const inputs = await slotInputs(db, slot, clock.now(), deployment.parameters).catch(() => null);
    const failed = verifySlot(await source.collect(slot, inputs)).find((result) => !result.ok);
    if (failed) unverified.push(`slot ${slot}: ${failed.rule}: ${failed.firstDifference}`);
  }
  return { slots: committed.length, verified: committed.length - unverified.length, unverified };
}

/**
 * An order is in the slot that it was promised, unless that was given up, and in every later one that was committed, until it is
 * matched or over.
 */
async function lost({ pool, traders, market }: World): Promise<string[]> {
  const { parameters } = market.deployment;
  const { rows: runs } = await pool.query<{ slot: string; state: string }>(
    'SELECT slot, state FROM slot_run ORDER BY slot',
  );
  const { rows: outcomes } = await pool.query<{ orderId: string; slot: string }>(
    'SELECT "orderId", slot FROM order_outcome',
  );
  const took = new Set(outcomes.map(({ orderId, slot }) => `${orderId} ${slot}`));
  const { rows: leases } = await pool.query<{ sourceId: string; slot: string }>(
    'SELECT "sourceId", slot FROM lease',
  );
  const matchedIn = new Map(leases.map((lease) => [lease.sourceId, BigInt(lease.slot)]));
  const states = new Map(runs.map((run) => [BigInt(run.slot), run.state]));
  const missing: string[] = [];
  for (const order of traders.promised) {
    const until = matchedIn.get(order.id);
    if (!states.has(order.slot)) missing.push(`${order.id}: its slot ${order.slot} never ran`);
    for (const [slot, state] of states) {
      if (state !== 'committed' || slot < order.slot || (until !== undefined && slot > until)) continue;
      const end = slotEnd(slot, parameters);
      const isOver =
        order.validUntil < end || order.latestStart < end + BigInt(parameters.commitDeadlineSeconds);
      if (slot > order.slot && isOver) continue;
      if (!took.has(`${order.id} ${slot}`))
        missing.push(`${order.id}: not in slot ${slot} (promised ${order.slot})`);
    }
  }
  return missing;
}

async function double({ pool }: World): Promise<string[]> {
  const { rows: found } = await pool.query<{ what: string }>(
    `SELECT 'order ' || "sourceId" || ' has ' || count(*) || ' leases' AS what FROM lease GROUP BY "sourceId" HAVING count(*) > 1
     UNION ALL SELECT 'slot ' || (args->>'slot') || ' has ' || count(*) || ' headers' FROM chain_event
       WHERE name = 'SlotCommitted' GROUP BY args->>'slot' HAVING count(*) > 1
     UNION ALL SELECT 'page ' || (args->>'page') || ' of slot ' || (args->>'slot') || ' is there ' || count(*) || ' times'
       FROM chain_event WHERE name = 'PageCommitted' GROUP BY args->>'slot', args->>'page' HAVING count(*) > 1
     UNION ALL SELECT 'slot ' || r.slot || ' is ' || r.state || ', the chain has ' || coalesce(s."pagesCommitted"::text, 'no') || ' pages'
       FROM slot_run r FULL JOIN slot s ON s.slot = r.slot
       WHERE (r.state = 'committed') IS DISTINCT FROM (s."pagesCommitted" = s."pageCount")
         AND NOT (r.state = 'abandoned' AND s.slot IS NULL)
     UNION ALL SELECT 'order ' || o."orderId" || ' is matched in slot ' || o.slot || ' and has no lease' FROM order_outcome o
       WHERE o.code = 'matched' AND NOT EXISTS (SELECT 1 FROM lease l WHERE l."sourceId" = o."orderId" AND l.slot = o.slot)
     UNION ALL SELECT 'order ' || l."sourceId" || ' has a lease of slot ' || l.slot || ' and is not matched there' FROM lease l
       WHERE NOT EXISTS (SELECT 1 FROM order_outcome o WHERE l."sourceId" = o."orderId" AND l.slot = o.slot AND o.code = 'matched')`,
  );
  return found.map((row) => row.what);
}

async function stuckNonces({ pool, chain }: World): Promise<string[]> {
  const count = async (at: 'latest' | 'pending'): Promise<number> =>
    Number(await chain.rpc<string>('eth_getTransactionCount', [addressOf('scheduler'), at]));
  const [latest, pending] = [await count('latest'), await count('pending')];
  const { rows: open } = await pool.query<{ effect: string; nonce: number; state: string }>(
    `SELECT effect, nonce, state FROM tx_intent WHERE nonce >= $1 OR state IN ('signed', 'sent') ORDER BY nonce`,
    [latest],
  );
  const stuck = open.map(({ effect, nonce, state }) => `${nonce}: ${effect} ${state} (chain: ${latest})`);
  if (pending !== latest) stuck.push(`${pending - latest} transactions are pending`);
  return stuck;
}

async function money({ pool, chain, market }: World): Promise<string[]> {
  const { deployment } = market;
  const provider = openProvider(chain.rpcUrl, deployment.chainId);
  try {
    const vault = new Contract(deployment.vault, vaultAbi, provider);
    const token = new Contract(deployment.token, testStablecoinAbi, provider);
    const [locked, fees, burned] = (await vault.getFunction('totals')()) as [bigint, bigint, bigint];
    const held = (await token.getFunction('balanceOf')(deployment.vault)) as bigint;
    const { rows: sums } = await pool.query<{ accounts: string; escrow: string }>(
      `SELECT (SELECT coalesce(sum(available + bidding + unbidding + staked), 0) FROM account)::text AS accounts,
              (SELECT coalesce(sum(locked - paid - fee - refunded), 0) FROM lease)::text AS escrow`,
    );
    const { accounts, escrow } = sums[0]!;
    const wrong: string[] = [];
    if (held !== BigInt(accounts) + locked + fees + burned)
      wrong.push(
        `the vault holds ${held}: accounts ${accounts}, locked ${locked}, fees ${fees}, burned ${burned}`,
      );
    if (locked !== BigInt(escrow)) wrong.push(`the vault has locked ${locked}, the leases hold ${escrow}`);
    return wrong;
  } finally {
    provider.destroy();
  }
}

/** The rows after all reorganisations are those that an indexer makes which saw only the chain that is left. */
async function rows({ server, databaseUrl, chain, market, indexer }: World): Promise<string[]> {
  const { rpcUrl } = chain;
  const head = await indexer.syncTo();
  const url = await createDatabase(server, 'fresh');
  await migrate(url);
  const fresh = await createIndexer({ rpcUrl, databaseUrl: url, deployment: market.deployment });
  try {
    await fresh.syncTo(head);
  } finally {
    await fresh.close();
  }
  const [ours, theirs] = [await readTables(databaseUrl), await readTables(url)];
  return Object.keys(theirs)
    .filter((table) => JSON.stringify(ours[table]) !== JSON.stringify(theirs[table]))
    .map((table) => `table ${table} differs from a fresh one`);
}
