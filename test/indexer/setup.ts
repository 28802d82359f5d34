import type { Deployment } from '../../contracts/deployment.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { createIndexer } from '../../indexer/indexer.ts';
import type { Indexer } from '../../indexer/indexer.ts';
import { account, deployMarket, startChain } from '../support/chain.ts';
import type { ChainOptions, TestChain } from '../support/chain.ts';
import { testDatabase } from '../support/postgres.ts';
import { readTables, type Tables } from '../support/tables.ts';
import { openActors, SCHEDULER } from './actors.ts';

export const PARAMETERS = {
  slotSeconds: 10,
  minLeaseSeconds: 10,
  minBillSeconds: 10,
  settleLagSeconds: 5,
  unbondSeconds: 600,
  claimWindowSeconds: 3_600,
  answerSeconds: 60,
};
/** A chain with a market and its actors, and databases and indexers as a test needs them; `teardown` ends all. */
export async function setup(options: ChainOptions = {}) {
  const closing: (() => Promise<void>)[] = [];
  const startWorld = async (chainOptions: ChainOptions) => {
    const chain = await startChain(chainOptions);
    closing.push(() => chain.stop());
    const deployment = await deployMarket(chain.rpcUrl, PARAMETERS);
    const schedulerKey = account(SCHEDULER).key;
    await bondTestMoney({ rpcUrl: chain.rpcUrl, deployment, schedulerKey });
    return { chain, deployment, actors: openActors(chain, deployment) };
  };
  const world = await startWorld(options);

  const database = async (): Promise<string> => {
    const created = await testDatabase();
    closing.push(() => created.drop());
    return created.url;
  };
  const indexer = async (
    databaseUrl: string,
    { chain, deployment }: { chain: TestChain; deployment: Deployment } = world,
  ): Promise<Indexer> => {
    const opened = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl, deployment });
    closing.push(() => opened.close());
    return opened;
  };
  return {
    ...world,
    startWorld,
    database,
    indexer,
    /** The rows that an indexer makes which starts from nothing. */
    async freshTables(): Promise<Tables> {
      const url = await database();
      await (await indexer(url)).syncTo();
      return readTables(url);
    },
    async teardown(): Promise<void> {
      for (const close of closing.reverse()) await close();
    },
  };
}
