/** The market of a replay: chain, database, contracts, registered providers and funded consumers, all of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFunctionData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { deploy } from '../../contracts/deploy.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { providerRegistryAbi, testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { CHAIN_ID, startAnvil } from '../chain.ts';
import { demoAccount, demoKey } from '../demo/roster.ts';
import { openRpc, type Rpc } from '../rpc.ts';
import { freePort } from '../supervise/ports.ts';
import type { Actor, ReplayProvider } from './actors.ts';
import { TraceClock } from './clock.ts';

/** Chain time of the trace's second 0: 2023-11-15, the start of an hour. */
export const ORIGIN = 1_700_006_400n;
/** The market is set up in the day before. */
const SETUP_SECONDS = 86_400n;
const TX_GAS = 15_000_000n;
const GAS_PRICE = 10n ** 10n;
/** A consumer's purse, base units: more than any trace spends. */
const PURSE = 10n ** 18n;
const SENT_AT_ONCE = 100;

export interface ReplayWorld {
  rpc: Rpc;
  rpcUrl: string;
  databaseUrl: string;
  deployment: Deployment;
  schedulerKey: Hex;
  clock: TraceClock;
  stop(): Promise<void>;
}

export async function setUp(
  slotSeconds: number,
  providers: readonly ReplayProvider[],
  consumers: readonly Actor[],
  onProgress: (sentence: string) => void,
): Promise<ReplayWorld> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse()) await end();
    stops.length = 0;
  };
  try {
    const dir = await mkdtemp(join(tmpdir(), 'cardhour-replay-'));
    stops.push(() => rm(dir, { recursive: true, force: true }));
    onProgress('database');
    const postgres = await startPostgres({ dir, durable: false });
    stops.push(() => postgres.stop());
    const databaseUrl = await createDatabase(postgres.url, 'replay');
    await migrate(databaseUrl);

    onProgress('chain and contracts');
    const start = ORIGIN - SETUP_SECONDS;
    const chain = await startAnvil({ port: await freePort(), timestamp: Number(start) });
    stops.push(() => chain.stop());
    const rpc = openRpc(chain.rpcUrl);
    stops.push(async () => rpc.close());
    const clock = new TraceClock(rpc, start);
    const deployment = await deploy({
      rpcUrl: chain.rpcUrl,
      deployerKey: demoKey(0),
      scheduler: demoAccount(1).address,
      treasury: demoAccount(2).address,
      // Nobody fails in a replay, so that nobody has to say so.
      monitors: [3, 4].map((index) => demoAccount(index).address),
      parameters: { ...DEFAULTS, slotSeconds, minLeaseSeconds: 1 },
      onBroadcast: () => clock.next(),
    });

    await bondTestMoney({
      rpcUrl: chain.rpcUrl,
      deployment,
      schedulerKey: demoKey(1),
      onBroadcast: () => clock.next(),
    });

    onProgress(`${providers.length} providers`);
    const calls = [
      ...providers.map((provider) => ({ actor: provider, calls: providerCalls(provider, deployment) })),
      ...consumers.map((consumer) => ({ actor: consumer, calls: consumerCalls(consumer, deployment) })),
    ];
    await rpc.batch(
      calls.map(({ actor }) => ['anvil_setBalance', [actor.address, `0x${(10n ** 20n).toString(16)}`]]),
    );
    await sendAll(rpc, clock, calls);
    return { rpc, rpcUrl: chain.rpcUrl, databaseUrl, deployment, schedulerKey: demoKey(1), clock, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Call = [to: Hex, data: Hex];

function providerCalls({ address, name, nodes }: ReplayProvider, deployment: Deployment): Call[] {
  const stake = deployment.parameters.minProviderStake;
  const abi = providerRegistryAbi;
  const listings = nodes.map((node) => node.listing);
  return [
    ...depositCalls(address, stake, deployment),
    [
      deployment.registry,
      encodeFunctionData({ abi, functionName: 'register', args: [address, address, stake, name] }),
    ],
    [deployment.registry, encodeFunctionData({ abi, functionName: 'addNodes', args: [listings] })],
  ];
}

function consumerCalls({ address }: Actor, deployment: Deployment): Call[] {
  return [
    ...depositCalls(address, PURSE, deployment),
    [deployment.vault, encodeFunctionData({ abi: vaultAbi, functionName: 'fundBidding', args: [PURSE] })],
  ];
}

function depositCalls(account: Hex, amount: bigint, { token, vault }: Deployment): Call[] {
  const abi = testStablecoinAbi;
  return [
    [token, encodeFunctionData({ abi, functionName: 'mint', args: [account, amount] })],
    [token, encodeFunctionData({ abi, functionName: 'approve', args: [vault, amount] })],
    [vault, encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [amount] })],
  ];
}

/** Sends each actor's calls in their order, many actors a block. @throws Error when one reverts */
async function sendAll(
  rpc: Rpc,
  clock: TraceClock,
  actors: { actor: Actor; calls: Call[] }[],
): Promise<void> {
  const depth = Math.max(...actors.map(({ calls }) => calls.length));
  for (let nonce = 0; nonce < depth; nonce++) {
    const layer = actors.filter(({ calls }) => nonce < calls.length);
    for (let at = 0; at < layer.length; at += SENT_AT_ONCE) {
      const part = layer.slice(at, at + SENT_AT_ONCE);
      const raws = await Promise.all(
        part.map(({ actor, calls }) => {
          const [to, data] = calls[nonce]!;
          return privateKeyToAccount(actor.key).signTransaction({
            chainId: CHAIN_ID,
            type: 'legacy',
            nonce,
            to,
            data,
            gas: TX_GAS,
            gasPrice: GAS_PRICE,
          });
        }),
      );
      const hashes = await rpc.batch<Hex>(raws.map((raw) => ['eth_sendRawTransaction', [raw]]));
      await mined(rpc, clock, hashes);
    }
  }
}

/** A block holds two of the largest calls at least: mines until all are in. */
async function mined(rpc: Rpc, clock: TraceClock, hashes: readonly Hex[]): Promise<void> {
  let waiting = hashes;
  while (waiting.length > 0) {
    await clock.next();
    const receipts = await rpc.batch<{ status: string } | null>(
      waiting.map((hash) => ['eth_getTransactionReceipt', [hash]]),
    );
    const reverted = receipts.findIndex((receipt) => receipt !== null && receipt.status !== '0x1');
    if (reverted >= 0) throw new Error(`setting up the market: transaction ${waiting[reverted]} reverted`);
    waiting = waiting.filter((_, index) => receipts[index] === null);
  }
}
