import { ZERO_HASH } from '../../domain/hash.ts';
import { regionId } from '../../domain/names.ts';
import type { Hex, SignedOrder } from '../../domain/types.ts';
import type { Prisma } from '../../prisma/generated/client.ts';
import { wantedClasses, type OrderMarket } from './order-checks.ts';
import type { NodeFacts, ProviderFacts } from './supply-checks.ts';

type Tx = Prisma.TransactionClient;

/**
 * What these orders need of the market. Names of all classes or regions are read only when an order names an unknown
 * one: its refusal lists them.
 */
export async function loadOrderMarket(tx: Tx, slotEnd: bigint, orders: SignedOrder[]): Promise<OrderMarket> {
  const accounts = await tx.account.findMany({
    where: { address: { in: [...new Set(orders.map(({ order }) => order.consumer))] } },
    select: { address: true, bidding: true },
  });
  const bidding = new Map(accounts.map((row) => [row.address, BigInt(row.bidding.toFixed(0))]));
  return {
    slotEnd,
    classes: await loadClasses(tx, [...new Set(orders.flatMap(wantedClasses))]),
    regions: await loadRegions(tx, orders),
    biddingOf: (account) => bidding.get(account) ?? 0n,
  };
}

async function loadClasses(tx: Tx, wanted: Hex[]): Promise<Map<Hex, string>> {
  const found = await tx.$queryRaw<{ id: Hex; name: string }[]>`
    SELECT w.id, n."className" AS name FROM unnest(${wanted}::text[]) AS w(id)
      JOIN LATERAL (SELECT "className" FROM node WHERE "resourceClass" = w.id LIMIT 1) n ON true`;
  const rows =
    found.length === wanted.length
      ? found
      : await tx.$queryRaw<{ id: Hex; name: string }[]>`
          SELECT DISTINCT "resourceClass" AS id, "className" AS name FROM node`;
  return new Map(rows.map((row) => [row.id, row.name]));
}

async function loadRegions(tx: Tx, orders: SignedOrder[]): Promise<Map<Hex, string>> {
  if (orders.every(({ order }) => order.region === ZERO_HASH)) return new Map();
  const rows = await tx.$queryRaw<{ region: string }[]>`SELECT DISTINCT region FROM node`;
  return new Map(rows.map((row) => [regionId(row.region), row.region]));
}

export async function loadNodes(tx: Tx, ids: Hex[]): Promise<Map<Hex, NodeFacts>> {
  const rows = await tx.node.findMany({ where: { id: { in: ids } } });
  return new Map(
    rows.map((row) => [
      row.id as Hex,
      {
        provider: row.provider as Hex,
        resourceClass: row.resourceClass as Hex,
        className: row.className,
        region: row.region,
        regionId: regionId(row.region),
        cards: row.cards,
        epoch: row.epoch,
      },
    ]),
  );
}

export async function loadProviders(tx: Tx, addresses: Hex[]): Promise<Map<Hex, ProviderFacts>> {
  const rows = await tx.provider.findMany({ where: { address: { in: addresses } } });
  return new Map(
    rows.map((row) => [row.address as Hex, { signer: row.signer as Hex, unbonding: row.exitAt !== null }]),
  );
}
