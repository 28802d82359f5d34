/** A provider's agent: follows the chain, keeps free cards on offer, runs its leases and reports of them. */
import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashMessage } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { Refusal } from '../domain/refusal.ts';
import { signDigest } from '../domain/signature.ts';
import type { Hex } from '../domain/types.ts';
import { createChainWatch, type ChainView } from './chain-watch.ts';
import type { AgentConfig } from './config.ts';
import { createClusterGateway } from './cluster/gateway.ts';
import { createClusterMember } from './cluster/member.ts';
import { openPinger } from './cluster/ping.ts';
import { createGateway } from './gateway.ts';
import { lockFolder } from './instance-lock.ts';
import { createLeases } from './lease/leases.ts';
import { openJournal } from './offers/journal.ts';
import { createOfferKeeper } from './offers/keeper.ts';
import { NORTH_VERSION, type PoolState } from './pools/north.ts';
import { startPools, type Pools } from './pools/pools.ts';
import { bubblewrapWorks } from './sandbox/bubblewrap.ts';

export interface AgentHealth {
  /** Of the interface to pools. */
  version: string;
  ready: boolean;
  pools: PoolState[];
  provider: Hex;
  /** Newest block read; null before the first. */
  block: string | null;
  nodes: number;
  leases: number;
}

export interface Agent {
  health(): AgentHealth;
  /** Resolves after `signal`, when nothing of the agent runs any more. */
  stopped: Promise<void>;
}

/** Offers are looked at every so many looks at the chain: each round asks the gateway twice. */
const OFFERS_EVERY_POLLS = 2;
const FAILURE_PAUSE_MS = 2_000;

/** @throws Refusal ENVIRONMENT, DATA_BROKEN */
export async function startAgent(
  config: AgentConfig,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Agent> {
  const { deployment } = config;
  // Every request and every rest listens to it; eleven at once are no leak.
  setMaxListeners(0, signal);
  const folder = resolve(config.dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await lockFolder(folder);
  if (config.sandbox === 'bubblewrap' && !(await bubblewrapWorks(config.bubblewrapPath, folder))) {
    throw new Refusal(
      'ENVIRONMENT',
      `bubblewrap does not work at ${config.bubblewrapPath}.`,
      'Install it (Debian: apt-get install bubblewrap) and allow user namespaces, or set SANDBOX=auto.',
    );
  }
  // Ends after the leases did: they are stopped through their pools.
  const noMoreLeases = new AbortController();
  const pools = openPools(config, folder, noMoreLeases.signal, log);

  const account = privateKeyToAccount(config.key);
  const provider = config.provider ?? (account.address.toLowerCase() as Hex);
  const gateway = createGateway(config.apiUrl, signal, account);
  const journal = openJournal(join(folder, 'offers.json'));
  const domain = { chainId: deployment.chainId, auction: deployment.auction };
  const { heartbeatMs } = config;
  const leasesFolder = join(folder, 'leases');
  // A quarter of viem's time: every report of every lease is signed.
  const sign = (digest: Hex) => signDigest(hashMessage({ raw: digest }), config.key);
  const leases = createLeases({ leasesFolder, pools, domain, sign, gateway, heartbeatMs, signal, log });
  const keeper = createOfferKeeper({ ...config, provider, account, gateway, journal, log });
  const watch = createChainWatch({
    ...config,
    provider,
    path: join(folder, 'chain.json'),
    liveOffers: journal,
    onReplaced: async () => {
      log('the chain was replaced: leases and offers of the old one are forgotten');
      await leases.forget();
      journal.remove(new Set(journal.offers().map((offer) => offer.id)));
    },
  });

  const pinger = config.clusters && (await openPinger(config.clusters.listen, config.clusters.port));
  const member =
    config.clusters &&
    pinger &&
    createClusterMember({
      ...{ provider, account, domain, pinger, journal, log, prices: config.prices },
      ...{ host: config.clusters.host, terms: config.clusters.terms },
      gateway: createClusterGateway(gateway),
    });

  let view: ChainView | null = null;
  void repeat('chain', config.pollMs, signal, log, async () => {
    const first = view === null;
    view = await watch.poll();
    if (first) log(`following ${provider}: ${view.ledger.nodes.length} nodes, block ${view.block}`);
    leases.reconcile(view);
    pools.sweep(leases.claims);
  });
  const keepOffers = repeat('offers', config.pollMs * OFFERS_EVERY_POLLS, signal, log, async () => {
    // What can't run is not sold.
    if (view) await keeper.keep(view, pools.sells);
  });
  const inClusters = repeat('clusters', config.pollMs * OFFERS_EVERY_POLLS, signal, log, async () => {
    if (view && member) await member.step(view);
  });

  return {
    health: () => ({
      version: NORTH_VERSION,
      ready: view !== null,
      pools: pools.all().map((pool) => pool.state()),
      provider,
      block: view?.block.toString() ?? null,
      nodes: view?.ledger.nodes.length ?? 0,
      leases: leases.running(),
    }),
    stopped: (async () => {
      // The chain is not waited for: what was read of it is on disk, and a node may take its time to answer.
      await keepOffers;
      await inClusters;
      pinger?.close();
      await leases.stopped();
      noMoreLeases.abort();
      await pools.stopped();
    })(),
  };
}

function openPools(
  config: AgentConfig,
  folder: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Pools {
  const settings = { sandbox: config.sandbox, bubblewrapPath: config.bubblewrapPath };
  return startPools({
    pluginRoots: [join(import.meta.dirname, 'plugins'), resolve(config.pluginsFolder)],
    configPath: resolve(config.poolsFile),
    preset: [{ name: 'local', plugin: 'process', settings }],
    folder: join(folder, 'pools'),
    signal,
    log,
  });
}

/** Runs `step` again and again; what fails is said once, and tried again. */
async function repeat(
  name: string,
  everyMs: number,
  signal: AbortSignal,
  log: (line: string) => void,
  step: () => Promise<void>,
): Promise<void> {
  let failing = '';
  while (!signal.aborted) {
    try {
      await step();
      if (failing !== '') log(`${name}: works again`);
      failing = '';
    } catch (error) {
      if (signal.aborted) return;
      const message = (error as Error).message.split('\n')[0] ?? '';
      if (message !== failing) log(`${name}: ${message}`);
      failing = message;
    }
    await sleep(failing === '' ? everyMs : Math.max(everyMs, FAILURE_PAUSE_MS), undefined, { signal }).catch(
      () => undefined,
    );
  }
}
