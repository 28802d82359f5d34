import type { ServerContext } from './context.ts';

/** Blocks that the indexer may be behind and the market still counts as ready. */
const LAG_LIMIT = 30n;

export interface Health {
  ready: boolean;
  database: string;
  chain: string;
  indexer: string;
  block: string | null;
  indexed: string | null;
}

/** Asks each part; what fails says so in a word and never throws. */
export async function healthOf({ db, client, deployment }: ServerContext): Promise<Health> {
  const health: Health = {
    ready: false,
    database: 'down',
    chain: 'down',
    indexer: 'unknown',
    block: null,
    indexed: null,
  };
  const [block, indexed] = await Promise.all([
    client.getBlockNumber({ cacheTime: 0 }).catch(() => null),
    db.block.findFirst({ orderBy: { number: 'desc' }, select: { number: true } }).catch(() => undefined),
  ]);
  const mirrored = await db.chain.findFirst().catch(() => null);
  if (block !== null) Object.assign(health, { chain: 'up', block: block.toString() });
  if (indexed !== undefined) health.database = 'up';
  if (indexed != null) health.indexed = indexed.number.toString();
  if (mirrored !== null && mirrored.auction.toLowerCase() !== deployment.auction) {
    health.indexer = 'follows another deployment';
  } else if (block !== null && indexed != null) {
    health.indexer = block - indexed.number <= LAG_LIMIT ? 'up' : `${block - indexed.number} blocks behind`;
  }
  health.ready = health.database === 'up' && health.chain === 'up' && health.indexer === 'up';
  return health;
}
