/** A trace through the whole market: arrivals, slots, leases and settlements in the trace's time, then every slot verified. */
import pg from 'pg';
import type { Answer } from '../../app/server/batches.ts';
import { createIntake } from '../../app/server/intake.ts';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { slotInputs } from '../../app/server/reads/slots.ts';
import { slotAt, slotEnd } from '../../domain/parameters.ts';
import type { Hex, SignedAsk, SignedOrder } from '../../domain/types.ts';
import { verifySlot } from '../../domain/verify.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { createPipeline, type Pipeline } from '../../scheduler/pipeline.ts';
import {
  actor,
  CONSUMERS,
  providersOf,
  signAsk,
  signOrder,
  WORKLOAD,
  type PodOrder,
  type ReplayNode,
} from './actors.ts';
import { openPrices, type PriceList } from './prices.ts';
import type { Progress } from '../progress.ts';
import { reportOf, type Refused, type ReplayReport } from './report.ts';
import { ORIGIN, setUp, type ReplayWorld } from './setup.ts';
import { readNodes, readPods, type TracePod } from './trace.ts';

export interface ReplayOptions {
  nodes: string;
  pods: string;
  orders: number;
  slotSeconds: number;
  prices?: string;
}

/** @throws Refusal on a trace that can't be read at all */
export async function replay(options: ReplayOptions, progress: Progress): Promise<ReplayReport> {
  const started = performance.now();
  const prices = openPrices(options.prices);
  const nodes = await readNodes(options.nodes);
  const pods = await readPods(options.pods);
  const refused: Refused = { TRACE_ROW: nodes.refused.length + pods.refused.length };
  for (const refusal of [...nodes.refused, ...pods.refused].slice(0, 5)) progress.say(refusal.sentence);

  const chosen = pods.rows
    .sort((a, b) => a.creation - b.creation || (a.name < b.name ? -1 : 1))
    .slice(0, options.orders);
  const providers = providersOf(nodes.rows, prices);
  const consumers = Array.from({ length: CONSUMERS }, (_, i) => actor(`consumer-${i}`));
  const world = await setUp(options.slotSeconds, providers, consumers, (what) =>
    progress.say(`setting up: ${what}`),
  );
  const run = await Run.open(world, prices, refused);
  try {
    await run.offer(providers.flatMap((provider) => provider.nodes));
    await run.trade(chosen, consumers, progress);
    await run.settleAll(progress);
    const verified = await run.verify(progress);
    return await reportOf({
      world,
      pool: run.pool,
      orders: chosen.length,
      refused,
      slots: run.slots,
      gas: run.gas,
      verified,
      nodes: nodes.rows,
      prices,
      passedOver: { nodes: nodes.passedOver, pods: pods.passedOver },
      wallSeconds: (performance.now() - started) / 1000,
    });
  } finally {
    await run.close();
    await world.stop();
  }
}

class Run {
  readonly pool: pg.Pool;
  readonly slots: bigint[] = [];
  gas = 0n;
  readonly #world: ReplayWorld;
  readonly #prices: PriceList;
  readonly #refused: Refused;
  readonly #db: Database;
  readonly #indexer: Indexer;
  readonly #pipeline: Pipeline;
  readonly #intake: ReturnType<typeof createIntake>;
  readonly #nodes = new Map<string, ReplayNode>();
  /** Leases that run: when their cards are free again. */
  #running: { node: string; cards: number; end: bigint }[] = [];

  static async open(world: ReplayWorld, prices: PriceList, refused: Refused): Promise<Run> {
    const { rpcUrl, databaseUrl, deployment } = world;
    return new Run(world, prices, refused, await createIndexer({ rpcUrl, databaseUrl, deployment }));
  }

  private constructor(world: ReplayWorld, prices: PriceList, refused: Refused, indexer: Indexer) {
    const { rpcUrl, databaseUrl, deployment, schedulerKey, clock } = world;
    this.#world = world;
    this.#prices = prices;
    this.#refused = refused;
    this.#indexer = indexer;
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    this.#db = openDatabase(databaseUrl);
    this.#pipeline = createPipeline({
      databaseUrl,
      rpcUrl,
      deployment,
      schedulerKey,
      onBroadcast: () => clock.next(),
      pollMs: 2,
      streamSeconds: 0,
    });
    this.#intake = createIntake({
      db: this.#db,
      deployment,
      receiptKey: schedulerKey,
      chainNow: () => Promise.resolve(clock.now),
    });
  }

  get #domain() {
    const { chainId, auction } = this.#world.deployment;
    return { chainId, auction };
  }

  /** Every node's first ask, and the workload that all orders name. */
  async offer(nodes: readonly ReplayNode[]): Promise<void> {
    for (const node of nodes) this.#nodes.set(node.id, node);
    await this.#sync();
    await this.#intake.putWorkload(WORKLOAD);
    const { now } = this.#world.clock;
    await this.#ask(await Promise.all(nodes.map((node) => signAsk(node, node.cards, now, this.#domain))));
  }

  async trade(
    pods: readonly TracePod[],
    consumers: ReturnType<typeof actor>[],
    progress: Progress,
  ): Promise<void> {
    const { deployment, clock } = this.#world;
    const { parameters } = deployment;
    const queue = pods.map((pod): PodOrder => ({ pod, arrives: ORIGIN + BigInt(pod.creation) }));
    const classNames = [...this.#nodes.values()].map((node) => node.className);
    /** validUntil of the orders that wait in the book. */
    let waiting = new Map<Hex, bigint>();
    let next = 0;
    progress.start('orders', queue.length);
    for (let slot = 0n; next < queue.length || waiting.size > 0;) {
      const arriving = next < queue.length ? slotAt(queue[next]!.arrives, parameters) : null;
      slot = waiting.size > 0 || arriving === null ? slot + 1n : arriving;
      const end = slotEnd(slot, parameters);
      await this.#openSlot(end - BigInt(parameters.slotSeconds));

      const first = next;
      while (next < queue.length && queue[next]!.arrives < end) next++;
      const signed = await Promise.all(
        queue
          .slice(first, next)
          .map((order, i) =>
            signOrder(order, BigInt(first + i), consumers, classNames, this.#prices, deployment),
          ),
      );
      for (const [id, order] of await this.#order(signed)) waiting.set(id, order.order.validUntil);

      await clock.mine(end);
      await this.#sync();
      const report = await this.#pipeline.runSlot(slot);
      if (report.state === 'abandoned') throw new Error(`slot ${slot} was abandoned`);
      if (report.state === 'committed') this.slots.push(slot);
      this.gas += report.gas.header + report.gas.pages;
      await this.#sync();
      for (const id of await this.#opened(slot)) waiting.delete(id);
      const later = slotEnd(slot + 1n, parameters);
      waiting = new Map([...waiting].filter(([, validUntil]) => validUntil >= later));
      progress.at(next);
    }
    progress.end();
  }

  /** Brings the chain to the start of a slot: leases that are over are settled, their cards offered again. */
  async #openSlot(start: bigint): Promise<void> {
    await this.#world.clock.mine(start);
    const over = this.#running.filter((lease) => lease.end <= start);
    if (over.length === 0) return;
    this.#running = this.#running.filter((lease) => lease.end > start);
    if ((await this.#pipeline.settleDue()) > 0) await this.#sync();
    const freed = new Map<string, number>();
    for (const { node, cards } of over) freed.set(node, (freed.get(node) ?? 0) + cards);
    const asks = [...freed].map(([node, cards]) =>
      signAsk(this.#nodes.get(node)!, cards, start, this.#domain),
    );
    await this.#ask(await Promise.all(asks));
  }

  /** The orders of a slot that got a lease. */
  async #opened(slot: bigint): Promise<Hex[]> {
    const { rows } = await this.pool.query<{ sourceId: Hex; node: string; cards: number; end: string }>(
      `SELECT "sourceId", node, cards, "end" FROM lease WHERE slot = $1`,
      [slot],
    );
    for (const { node, cards, end } of rows) this.#running.push({ node, cards, end: BigInt(end) });
    return rows.map((row) => row.sourceId);
  }

  async settleAll(progress: Progress): Promise<void> {
    const { settleLagSeconds } = this.#world.deployment.parameters;
    progress.say('settling the leases that still run');
    const last = this.#running.reduce(
      (latest, { end }) => (end > latest ? end : latest),
      this.#world.clock.now,
    );
    await this.#world.clock.mine(last + BigInt(settleLagSeconds));
    while ((await this.#pipeline.settleDue()) > 0) await this.#sync();
    await this.#sync();
  }

  /** Slots of which every rule passes. */
  async verify(progress: Progress): Promise<number> {
    const { rpcUrl, deployment, clock } = this.#world;
    const source = createEvidence({ rpcUrl, deployment });
    let verified = 0;
    progress.start('verified slots', this.slots.length);
    for (const [index, slot] of this.slots.entries()) {
      const manifest = await slotInputs(this.#db, slot, clock.now, deployment.parameters);
      const results = verifySlot(await source.collect(slot, manifest));
      const failed = results.find((result) => !result.ok);
      if (failed) progress.say(`slot ${slot}: ${failed.rule} FAIL ${failed.firstDifference}`);
      else verified++;
      progress.at(index + 1);
    }
    progress.end();
    return verified;
  }

  async close(): Promise<void> {
    await this.#pipeline.close();
    await this.#indexer.close();
    await this.#db.$disconnect();
    await this.pool.end();
  }

  async #sync(): Promise<void> {
    await this.#indexer.syncTo(this.#world.clock.block);
  }

  async #ask(asks: SignedAsk[]): Promise<void> {
    for (const answer of await this.#intake.acceptAsks(asks)) this.#count(answer);
  }

  async #order(orders: SignedOrder[]): Promise<[Hex, SignedOrder][]> {
    const answers = await this.#intake.acceptOrders(orders);
    return answers.flatMap((answer, i) => (this.#count(answer) ? [[answer.value.id, orders[i]!]] : []));
  }

  #count<T>(answer: Answer<T>): answer is { ok: true; value: T } {
    if (!answer.ok) this.#refused[answer.refusal.code] = (this.#refused[answer.refusal.code] ?? 0) + 1;
    return answer.ok;
  }
}
