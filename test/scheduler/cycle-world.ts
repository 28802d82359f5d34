/** Providers with agents of their own on one machine: they announce, measure and answer, through the gateway's own functions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { acceptAnswer } from '../../app/server/clusters/answers.ts';
import { peersOf, proposalsFor } from '../../app/server/clusters/proposals.ts';
import { acceptAnnouncement, acceptMeasurements } from '../../app/server/clusters/words.ts';
import { toJson } from '../../app/server/wire.ts';
import type { Hex } from '../../domain/types.ts';
import { openDatabase } from '../../prisma/client.ts';
import { createChainWatch, type ChainWatch } from '../../provider/chain-watch.ts';
import { createClusterGateway, type ClusterGateway } from '../../provider/cluster/gateway.ts';
import { createClusterMember, type ClusterMember } from '../../provider/cluster/member.ts';
import { openPinger, type Pinger } from '../../provider/cluster/ping.ts';
import type { ClusterTerms } from '../../provider/cluster/terms.ts';
import { createCycles, type Cycles, type CyclesOptions } from '../../scheduler/cycle/cycles.ts';
import { addressOf, CLASS, keyOf, signAsk, signOrder, storeItems } from './market.ts';
import { setup } from './setup.ts';

export const CYCLE_SLOTS = 24;
/** So long that a slow machine consents and forms in time: the chain's clock runs with the machine's. */
const SLOT_SECONDS = 60;
export const CYCLE_SECONDS = BigInt(CYCLE_SLOTS * SLOT_SECONDS);
const TERMS: ClusterTerms = { classes: [CLASS], longestCycle: 3_600, mostMembers: 16, gainBps: 0 };

interface Agent {
  name: string;
  node: Hex;
  member: ClusterMember;
  watch: ChainWatch;
  pinger: Pinger;
}

/** Four providers with a node of four cards each, beside the market's own. */
export async function setupCycles() {
  const at = await setup({ slotSeconds: SLOT_SECONDS });
  const db = openDatabase(at.database.url, 4);
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-cycles-'));
  const { deployment, domain } = at.market;
  const gate = { db, domain, chainNow: at.now };
  const cycles: Cycles[] = [];
  const agents: Agent[] = [];

  const call = async <T>(path: string, body?: unknown): Promise<T> => {
    const input = body === undefined ? undefined : (JSON.parse(toJson(body)) as unknown);
    const answer = async (): Promise<unknown> => {
      if (path === '/api/v1/clusters/announcements') return acceptAnnouncement(gate, input);
      if (path === '/api/v1/clusters/measurements') return acceptMeasurements(gate, input);
      if (path === '/api/v1/clusters/answers') return acceptAnswer(gate, input);
      if (path === '/api/v1/clusters/peers') return { items: await peersOf(db, await at.now()) };
      const provider = /provider=(0x[0-9a-f]{40})$/.exec(path)![1]!;
      return { items: await proposalsFor(db, provider, await at.now()) };
    };
    return JSON.parse(toJson((await answer()) ?? null)) as T;
  };
  const gateway: ClusterGateway = createClusterGateway({ call });

  const world = {
    ...at,
    db,
    gate,
    gateway,
    agents,
    cycles(extra: Partial<CyclesOptions> = {}): Cycles {
      const made = createCycles({
        ...{ databaseUrl: at.database.url, rpcUrl: at.chain.rpcUrl, deployment },
        ...{ schedulerKey: at.market.schedulerKey, cycleSlots: CYCLE_SLOTS, reachMicros: 900_000 },
        ...{ budgetMs: 4_000, pollMs: 10, ...extra },
      });
      cycles.push(made);
      return made;
    },
    async addAgent(name: string, terms: Partial<ClusterTerms> = {}): Promise<Agent> {
      const [node] = (await at.market.addProvider(name, [{ name, cards: 4 }])) as [Hex];
      const pinger = await openPinger('127.0.0.1', 0);
      const journal = { offers: () => [], has: () => false };
      const account = privateKeyToAccount(keyOf(name));
      const member = createClusterMember({
        ...{ provider: addressOf(name), account, domain, gateway, pinger, journal },
        host: '127.0.0.1',
        prices: new Map([[CLASS, { reserve: 1_500_000n, list: 2_000_000n }]]),
        terms: { ...TERMS, ...terms },
        log: () => undefined,
      });
      const watch = createChainWatch({
        ...{ rpcUrl: at.chain.rpcUrl, deployment, provider: addressOf(name), path: join(dir, name) },
        liveOffers: journal,
        onReplaced: () => Promise.resolve(),
      });
      const agent = { name, node, member, watch, pinger };
      agents.push(agent);
      return agent;
    },
    /** A round of all agents, or of some. */
    async round(some: readonly Agent[] = agents): Promise<void> {
      await at.indexer.syncTo();
      for (const { member, watch } of some) await member.step(await watch.poll());
    },
    /** Begins a cycle whose nodes are measured, priced, and wanted by the orders of the last one. */
    async ready(): Promise<bigint> {
      // Announcements and measurements are fresh at the cycle's beginning.
      const cycle = ((await at.now()) + 200n) / CYCLE_SECONDS + 1n;
      await at.mineAt(cycle * CYCLE_SECONDS - 100n);
      // In the first round the first agents have nobody to measure yet.
      for (let times = 0; times < 4; times++) {
        await world.round();
        await at.mineAt((await at.now()) + 16n);
      }
      const slot = cycle * BigInt(CYCLE_SLOTS) - 1n;
      await storeItems(
        at.pool,
        slot,
        agents
          .toSorted(byNode)
          .map(({ name, node }, place) =>
            signAsk(
              domain,
              name,
              { supply: node, cards: 4, reservePrice: 1_500_000n + BigInt(place) * 20_000n, nonce: 900n },
              0n,
            ),
          ),
        [],
      );
      await world.orders(cycle, 30);
      await at.mineAt(cycle * CYCLE_SECONDS);
      return cycle;
    },
    /** Orders of the cycle before: more than single nodes can take in time. */
    async orders(cycle: bigint, count: number): Promise<void> {
      const first = (cycle - 1n) * BigInt(CYCLE_SLOTS);
      for (let n = 0; n < count; n++) {
        const slot = first + BigInt((n * 7) % CYCLE_SLOTS);
        const fields = {
          cards: 1 + ((n * 5) % 3),
          startPrice: 2_000_000n + BigInt((n * 37) % 20) * 50_000n,
          duration: 900 + ((n * 29) % 60) * 5,
          nonce: 5_000n + BigInt(n),
          latestStart: (slot + 1n) * BigInt(SLOT_SECONDS) + 120n,
          // Out of every slot that the test runs.
          validUntil: (slot + 1n) * BigInt(SLOT_SECONDS),
        };
        await storeItems(at.pool, slot, [], [signOrder(domain, 'nobody', fields, 0n)]);
      }
    },
    async proposals(): Promise<{ id: Hex; state: string; reason: string | null; cluster: Hex | null }[]> {
      const { rows } = await at.pool.query<{
        id: Hex;
        state: string;
        reason: string | null;
        cluster: Hex | null;
      }>('SELECT id, state, reason, cluster FROM cluster_proposal ORDER BY cycle, id');
      return rows;
    },
    async teardown(): Promise<void> {
      for (const { pinger } of agents) pinger.close();
      for (const made of cycles) await made.close();
      await db.$disconnect();
      await rm(dir, { recursive: true, force: true });
      await at.teardown();
    },
  };
  for (const name of ['eins', 'zwei', 'drei', 'vier']) await world.addAgent(name);
  return world;
}

function byNode(a: Agent, b: Agent): number {
  return a.node < b.node ? -1 : 1;
}
