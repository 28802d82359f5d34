/** Makes the demo's parties exist on the chain. What is there already stays as it is: run it as often as you like. */
import { providerRegistryAbi, testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { formatCpi, nodeIdOf, parseCpi } from '../../domain/cpi.ts';
import type { Hex } from '../../domain/types.ts';
import { callOf, createChainClient, depositCalls, type Call, type ChainClient } from './chain-client.ts';
import { ACCOUNT_INDEX, DEMO_PROVIDERS, demoAccount, type DemoNode, type DemoProvider } from './roster.ts';

/** Base units of test money. */
const CONSUMER_FLOOR = 200_000_000n;
const CONSUMER_TOP_UP = 1_000_000_000n;
const VISITOR_FLOOR = 1_000_000_000n;
const VISITOR_TOP_UP = 10_000_000_000n;

export async function setUpDemo(rpcUrl: string, deployment: Deployment): Promise<void> {
  const chain = createChainClient(rpcUrl, deployment);
  await Promise.all([
    ...DEMO_PROVIDERS.map((provider) => setUpProvider(chain, deployment, provider)),
    ...ACCOUNT_INDEX.consumers.map((index) => topUpConsumer(chain, deployment, index)),
    setUpVisitor(chain, deployment),
  ]);
}

/** Keeps a consumer able to buy and to bid; moves nothing while both its balances are above the floor. */
export async function topUpConsumer(
  chain: ChainClient,
  deployment: Deployment,
  index: number,
): Promise<void> {
  const account = demoAccount(index);
  const { available, bidding } = await chain.balancesOf(lower(account.address));
  const calls: Call[] = [];
  const short = [available, bidding].filter((balance) => balance < CONSUMER_FLOOR).length;
  if (short > 0)
    calls.push(...depositCalls(deployment, lower(account.address), CONSUMER_TOP_UP * BigInt(short)));
  if (bidding < CONSUMER_FLOOR)
    calls.push(callOf(deployment.vault, vaultAbi, 'fundBidding', [CONSUMER_TOP_UP]));
  await chain.send(account, calls);
}

async function setUpProvider(
  chain: ChainClient,
  deployment: Deployment,
  provider: DemoProvider,
): Promise<void> {
  const account = demoAccount(provider.account);
  const address = lower(account.address);
  const registry = { address: deployment.registry, abi: providerRegistryAbi } as const;
  const { signer } = await chain.read.readContract({
    ...registry,
    functionName: 'providerOf',
    args: [address],
  });
  const calls: Call[] = [];
  if (BigInt(signer) === 0n) {
    const stake = deployment.parameters.minProviderStake;
    calls.push(
      ...depositCalls(deployment, address, stake),
      callOf(deployment.registry, providerRegistryAbi, 'register', [
        address,
        address,
        stake,
        JSON.stringify({ name: provider.company }),
      ]),
    );
  }
  const listings = provider.nodes.map(listingOf);
  const owners = await Promise.all(
    listings.map(({ x, z }) =>
      chain.read.readContract({ ...registry, functionName: 'nodeOf', args: [nodeIdOf(x, z)] }),
    ),
  );
  const missing = listings.filter((_, index) => BigInt(owners[index]?.provider ?? 0) === 0n);
  if (missing.length > 0) calls.push(callOf(deployment.registry, providerRegistryAbi, 'addNodes', [missing]));
  await chain.send(account, calls);
}

/** The visitor has money in its wallet, and deposits it itself. */
async function setUpVisitor(chain: ChainClient, deployment: Deployment): Promise<void> {
  const account = demoAccount(ACCOUNT_INDEX.visitor);
  const balance = await chain.read.readContract({
    address: deployment.token,
    abi: testStablecoinAbi,
    functionName: 'balanceOf',
    args: [account.address],
  });
  if (balance >= VISITOR_FLOOR) return;
  await chain.send(account, [
    callOf(deployment.token, testStablecoinAbi, 'mint', [account.address, VISITOR_TOP_UP]),
  ]);
}

/** A node as the registry takes it: Y and Y′ (here S) are versioned attributes and stand together. */
function listingOf({ cpi, className, region, cards, networkMbps, storageGb }: DemoNode) {
  const parsed = parseCpi(formatCpi(cpi));
  if ('reason' in parsed) throw new Error(`a demo node's identifier is broken: ${parsed.reason}`);
  const { x, y, s, z } = parsed.segments;
  return { x, y: `${y}/${s}`, z, className, region, cards, networkMbps, storageGb };
}

function lower(address: string): Hex {
  return address.toLowerCase() as Hex;
}
