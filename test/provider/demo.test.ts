import { expect, it } from 'vitest';
import { createChainClient } from '../../cli/demo/chain-client.ts';
import { demoAgents } from '../../cli/demo/agents.ts';
import { createRandom } from '../../cli/demo/random.ts';
import { ACCOUNT_INDEX, DEMO_PROVIDERS, demoAccount } from '../../cli/demo/roster.ts';
import { setUpDemo } from '../../cli/demo/setup.ts';
import { demoWorkload } from '../../cli/demo/workloads.ts';
import { providerRegistryAbi, testStablecoinAbi } from '../../contracts/generated/abi.ts';
import { formatCpi, nodeIdOf, parseCpi } from '../../domain/cpi.ts';
import type { Hex } from '../../domain/types.ts';
import { parseWorkload } from '../../domain/workload.ts';
import { readConfig } from '../../provider/config.ts';
import { deployMarket, startChain } from '../support/chain.ts';

it('makes providers, consumers and the visitor exist, once', async () => {
  const chain = await startChain();
  const deployment = await deployMarket(chain.rpcUrl);
  const client = createChainClient(chain.rpcUrl, deployment);
  await setUpDemo(chain.rpcUrl, deployment);

  for (const { nodes, account } of DEMO_PROVIDERS) {
    for (const { cpi, cards } of nodes) {
      const parsed = parseCpi(formatCpi(cpi));
      if ('reason' in parsed) throw new Error(parsed.reason);
      const node = await client.read.readContract({
        address: deployment.registry,
        abi: providerRegistryAbi,
        functionName: 'nodeOf',
        args: [nodeIdOf(parsed.segments.x, parsed.segments.z)],
      });
      expect(node).toMatchObject({ provider: demoAccount(account).address, cards });
    }
  }
  for (const index of ACCOUNT_INDEX.consumers) {
    const { available, bidding } = await client.balancesOf(demoAccount(index).address.toLowerCase() as Hex);
    expect(available > 0n && bidding > 0n).toBe(true);
  }
  const visitor = demoAccount(ACCOUNT_INDEX.visitor).address;
  const purse = await client.read.readContract({
    address: deployment.token,
    abi: testStablecoinAbi,
    functionName: 'balanceOf',
    args: [visitor],
  });
  expect(purse).toBe(10_000_000_000n);

  const block = await client.read.getBlockNumber();
  await setUpDemo(chain.rpcUrl, deployment);
  expect(await client.read.getBlockNumber()).toBe(block);
  await chain.stop();
});

it('sells every class at two providers or more, at prices of their own', () => {
  const sellers = Map.groupBy(
    DEMO_PROVIDERS.flatMap(({ name, nodes }) => nodes.map(({ className }) => ({ name, className }))),
    ({ className }) => className,
  );
  for (const list of sellers.values()) expect(new Set(list.map(({ name }) => name)).size).toBeGreaterThan(1);
  for (const { nodes, prices } of DEMO_PROVIDERS)
    for (const { className } of nodes) expect(BigInt(prices[className]?.reserve ?? 0) > 0n).toBe(true);
});

it("gives agents an environment that lacks only the supervisor's part", () => {
  for (const { env } of demoAgents()) {
    expect(() => readConfig(env)).toThrow(/RPC_URL/);
    expect(Object.keys(env).sort()).toEqual(['AGENT_NAME', 'CLUSTERS', 'PRICES', 'PROVIDER_KEY']);
  }
});

it('runs only workloads that the market takes, the same for the same seed', () => {
  const series = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 50 }, () => parseWorkload(demoWorkload(random)));
  };
  expect(series(7)).toEqual(series(7));
  expect(series(7)).not.toEqual(series(8));
});
