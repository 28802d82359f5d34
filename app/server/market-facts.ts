import { regionId } from '../../domain/names.ts';
import type { Hex } from '../../domain/types.ts';
import type { Prisma } from '../../prisma/generated/client.ts';
import type { OrderMarket } from './order-checks.ts';
import type { NodeFacts, ProviderFacts } from './supply-checks.ts';

type Tx = Prisma.TransactionClient;

/** Classes, regions and bidding balances, as the indexer has them. */
export async function loadOrderMarket(tx: Tx, slotEnd: bigint, consumers: Hex[]): Promise<OrderMarket> {
  const classes = await tx.$queryRaw<{ id: string; name: string }[]>`
    SELECT DISTINCT "resourceClass" AS id, "className" AS name FROM node`;
  const regions = await tx.$queryRaw<{ region: string }[]>`SELECT DISTINCT region FROM node`;
  const accounts = await tx.account.findMany({
    where: { address: { in: [...new Set(consumers)] } },
    select: { address: true, bidding: true },
  });
  const bidding = new Map(accounts.map((row) => [row.address, BigInt(row.bidding.toFixed(0))]));
  return {
    slotEnd,
    classes: new Map(classes.map((row) => [row.id as Hex, row.name])),
    regions: new Map(regions.map((row) => [regionId(row.region), row.region])),
    biddingOf: (account) => bidding.get(account) ?? 0n,
  };
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
