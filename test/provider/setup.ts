/** A provider with one node of 8 cards on a real chain, its agent, and a consumer that buys for real. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callOf, createChainClient, depositCalls } from '../../cli/demo/chain-client.ts';
import { demoAccount, demoKey } from '../../cli/demo/roster.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { leaseBookAbi, marketAbi, providerRegistryAbi } from '../../contracts/generated/abi.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import type { Hex } from '../../domain/types.ts';
import { workloadHash, type Workload } from '../../domain/workload.ts';
import { startAgent, type Agent } from '../../provider/agent.ts';
import { readConfig } from '../../provider/config.ts';
import { deployMarket, startChain } from '../support/chain.ts';
import { refOf } from '../support/leases.ts';
import { startGateway } from './gateway.ts';

const CARDS = 8;
const PROVIDER = 3;
const CONSUMER = 6;
const CLASS = 'H100-SXM-80G';
const NODE = nodeIdOf('ACME,6450,310000,a', '10.0.0.1,GPU,H100,1');

export async function setup(env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-agent-'));
  const chain = await startChain();
  const parameters = { minLeaseSeconds: 10, minBillSeconds: 10, settleLagSeconds: 5 };
  const deployment = await deployMarket(chain.rpcUrl, parameters);
  const deploymentFile = join(folder, 'deployment.json');
  writeFileSync(deploymentFile, formatDeployment(deployment));
  const client = createChainClient(chain.rpcUrl, deployment);
  const provider = demoAccount(PROVIDER);
  const consumer = demoAccount(CONSUMER);
  const providerAddress = provider.address.toLowerCase() as Hex;
  const stake = deployment.parameters.minProviderStake;
  await client.send(provider, [
    ...depositCalls(deployment, providerAddress, stake),
    callOf(deployment.registry, providerRegistryAbi, 'register', [
      provider.address,
      provider.address,
      stake,
      '{}',
    ]),
    callOf(deployment.registry, providerRegistryAbi, 'addNodes', [
      [
        {
          x: 'ACME,6450,310000,a',
          y: 'y/s',
          z: '10.0.0.1,GPU,H100,1',
          className: CLASS,
          region: 'cn-310000',
          cards: CARDS,
          networkMbps: 1000,
          storageGb: 1000,
        },
      ],
    ]),
  ]);
  await client.send(
    consumer,
    depositCalls(deployment, consumer.address.toLowerCase() as Hex, 1_000_000_000n),
  );
  const domain = { chainId: deployment.chainId, auction: deployment.auction };
  const gateway = await startGateway(domain, providerAddress);
  const agents: { agent: Agent; stop: AbortController }[] = [];
  let leases = 0n;

  const environment: Record<string, string> = {
    PROVIDER_KEY: demoKey(PROVIDER),
    RPC_URL: chain.rpcUrl,
    API_URL: gateway.url,
    DEPLOYMENT_FILE: deploymentFile,
    DATA_DIR: join(folder, 'agent'),
    PRICES: JSON.stringify({ [CLASS]: { reserve: '1000000', list: '2000000' } }),
    HEARTBEAT_SECONDS: '0.2',
    POLL_SECONDS: '0.05',
    ...env,
  };

  const agentFolder = environment['DATA_DIR'] ?? '';

  return {
    chain,
    client,
    deployment,
    gateway,
    environment,
    domain,
    provider,
    node: NODE,
    folder,
    agentFolder,
    lines: [] as string[],
    async startAgent() {
      const stop = new AbortController();
      const agent = await startAgent(readConfig(environment), stop.signal, (line) => this.lines.push(line));
      agents.push({ agent, stop });
      return {
        agent,
        stop: async () => {
          stop.abort();
          await agent.stopped;
        },
      };
    },
    now: () => client.now(),
    /** Moves the chain's clock to `seconds` from now and mines. */
    pass: async (seconds: number) => chain.mine((await client.now()) + BigInt(seconds)),
    /** Buys from the newest listing of so many cards; the workload is there for the agent at once. */
    async buy(workload: Workload, cards = 2, seconds = 60, stored: Workload = workload): Promise<bigint> {
      const offer = [...gateway.listings.values()].findLast(({ listing }) => listing.cards >= cards);
      if (!offer) throw new Error('nothing is listed');
      leases += 1n << 8n;
      gateway.workloads.set(leases.toString(), stored);
      await client.send(consumer, [
        callOf(deployment.market, marketAbi, 'buy', [
          offer.listing,
          offer.signature,
          cards,
          seconds,
          workloadHash(workload),
          10n ** 12n,
        ]),
      ]);
      return leases;
    },
    /** The chain was set back to before the first lease. */
    forgetLeases: () => void (leases = 0n),
    close: async (leaseId: bigint) =>
      client.send(consumer, [
        callOf(deployment.leaseBook, leaseBookAbi, 'close', [await refOf(chain.rpcUrl, deployment, leaseId)]),
      ]),
    stateOf(leaseId: bigint) {
      const state = JSON.parse(
        readFileSync(join(agentFolder, 'leases', leaseId.toString(), 'state.json'), 'utf8'),
      ) as { identity: string; key: string; state: string; starts: number; done: boolean; started: boolean };
      return { ...state, process: processOf(agentFolder, state.key) };
    },
    async teardown() {
      for (const { agent, stop } of agents) {
        stop.abort();
        await agent.stopped;
      }
      await gateway.stop();
      await chain.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the plugin `process` wrote of a lease's process; null before it started and once it is released. */
function processOf(agentFolder: string, key: string) {
  try {
    const path = join(agentFolder, 'pools', 'local', key, 'run.json');
    const { process } = JSON.parse(readFileSync(path, 'utf8')) as {
      process: { pid?: number; startedAt: string; mark: string };
    };
    return process.pid === undefined ? null : { ...process, pid: process.pid };
  } catch {
    return null;
  }
}

export type Setup = Awaited<ReturnType<typeof setup>>;

export const shell = (script: string): Workload => ({ command: ['sh', '-c', script] });

export async function until(condition: () => boolean, what: string, seconds = 60): Promise<void> {
  for (let tries = 0; tries < seconds * 40; tries++) {
    if (condition()) return;
    await sleep(25);
  }
  throw new Error(`in ${seconds} s it did not come to: ${what}`);
}
