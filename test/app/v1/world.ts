import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { createSiweMessage } from 'viem/siwe';
import { createContext } from '../../../app/server/context.ts';
import { formatDeployment } from '../../../contracts/deployment.ts';
import { ZERO_HASH } from '../../../domain/hash.ts';
import { classId } from '../../../domain/names.ts';
import type { Hex } from '../../../domain/types.ts';
import { createIndexer } from '../../../indexer/indexer.ts';
import { addressOf, keyOf, openMarket } from '../../scheduler/market.ts';
import { startChain } from '../../support/chain.ts';
import type { TestDatabase } from '../../support/postgres.ts';
import { openDoor } from './door.ts';

const mirrored = { blockNumber: 1n, blockHash: ZERO_HASH };

export interface WorldOptions {
  /** Times the usual rates; 0, no limit, when left out. */
  rateFactor?: number;
  bodyMs?: number;
  env?: Record<string, string>;
}

/** A market on a real chain, its rows in a real database, and the API on a real socket. */
export async function openWorld(database: TestDatabase, options: WorldOptions = {}) {
  const chain = await startChain();
  const market = await openMarket(chain);
  const [node] = await market.addProvider('provider', [{ name: 'a', cards: 8 }]);
  await market.addProvider('other provider', [{ name: 'b', cards: 4 }]);
  await market.fundConsumer('consumer', 1_000_000_000n);
  const { deployment } = market;
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: database.url, deployment });
  await indexer.syncTo();
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-v1-'));
  const file = join(dir, 'deployment.json');
  await writeFile(file, formatDeployment(deployment));
  const context = createContext({
    DATABASE_URL: database.url,
    RPC_URL: chain.rpcUrl,
    DEPLOYMENT_FILE: file,
    RECEIPT_KEY: market.schedulerKey,
  });
  const env = {
    ADMINISTRATORS: addressOf('administrator'),
    RATE_FACTOR: String(options.rateFactor ?? 0),
    ...options.env,
  };
  const door = await openDoor(context, { env, bodyMs: options.bodyMs });
  const { url, port, call, post } = door;

  /** The message that an account signs to come in. */
  const siwe = async (
    name: string,
    change: Record<string, unknown> = {},
  ): Promise<{ message: string; signature: Hex }> => {
    const { nonce } = (await (await post('/sign-in/nonce', {})).json()) as { nonce: string };
    const account = privateKeyToAccount(keyOf(name));
    const message = createSiweMessage({
      address: account.address,
      chainId: deployment.chainId,
      domain: `127.0.0.1:${port}`,
      uri: url,
      nonce,
      version: '1',
      issuedAt: new Date(),
      ...change,
    });
    return { message, signature: await account.signMessage({ message }) };
  };
  /** Headers of a session of that account. */
  const signIn = async (name: string): Promise<Record<string, string>> => {
    const answer = await post('/sign-in', await siwe(name));
    if (answer.status !== 201) throw new Error(`${name} can't sign in: ${await answer.text()}`);
    return { cookie: answer.headers.get('set-cookie')!.split(';')[0]!, origin: url };
  };
  const makeKey = async (name: string, wish: { scopes: string[]; spendPerDay?: string; days?: number }) => {
    const answer = await post('/keys', { name: 'test', ...wish }, await signIn(name));
    if (answer.status !== 201) throw new Error(`${name} gets no key: ${await answer.text()}`);
    const { id, key } = (await answer.json()) as { id: string; key: string };
    return { id, key, headers: { authorization: `Bearer ${key}` } };
  };

  return {
    url,
    chain,
    market,
    indexer,
    context,
    db: context.db,
    node: node!,
    call,
    post,
    siwe,
    signIn,
    makeKey,
    addLease: (change: { id: bigint; start?: bigint } & Record<string, unknown>) =>
      context.db.lease.create({
        data: {
          consumer: addressOf('consumer'),
          provider: addressOf('provider'),
          node: node!,
          sourceId: classId(`order ${change.id}`),
          slot: 7n,
          cards: 2,
          duration: 3_600n,
          start: 1_000n,
          end: 4_600n,
          rate: '2000000',
          locked: '4040000',
          paid: '0',
          fee: '0',
          refunded: '0',
          settledUntil: 1_000n,
          workload: ZERO_HASH,
          endReason: 'NONE',
          settled: false,
          followsPage: true,
          ...mirrored,
          ...change,
        },
      }),
    async close() {
      await door.close();
      await context.db.$disconnect();
      await indexer.close();
      await market.close();
      await chain.stop();
      await database.drop();
      await rm(dir, { recursive: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;
