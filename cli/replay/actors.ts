/** The trace's nodes as providers with nodes, and its pods as orders of consumers: real keys, real signatures. */
import { privateKeyToAddress, sign } from 'viem/accounts';
import type { Deployment } from '../../contracts/deployment.ts';
import { formatCpi, parseCpi } from '../../domain/cpi.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import { median } from '../../domain/pricing.ts';
import type { Parameters } from '../../domain/parameters.ts';
import { classesFor, requirementOf } from '../../domain/requirement.ts';
import type { Ask, Hex, Order, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';
import { taskVector } from '../../domain/vectors.ts';
import { workloadHash } from '../../domain/workload.ts';
import { spread, type PriceList } from './prices.ts';
import type { TraceNode, TracePod } from './trace.ts';

export const CONSUMERS = 50;
const NODES_PER_PROVIDER = 16;
const REGIONS = ['cn-110000', 'cn-310000', 'cn-440300', 'eu-west', 'us-east'];
const NODE_NETWORK_MBPS = 25_000;
const TASK_NETWORK_MBPS = 1_000;
const FOR_EVER = 2n ** 40n - 1n;
/** Nothing runs in a replay; every order names the same command. */
export const WORKLOAD = { command: ['true'] };

export interface Actor {
  key: Hex;
  address: Hex;
}

export interface ReplayNode {
  id: Hex;
  owner: ReplayProvider;
  className: string;
  cards: number;
  /** Least price, base units per card-hour. */
  reserve: bigint;
  listing: {
    x: string;
    y: string;
    z: string;
    className: string;
    region: string;
    cards: number;
    networkMbps: number;
    storageGb: number;
  };
}

export interface ReplayProvider extends Actor {
  name: string;
  region: string;
  nodes: ReplayNode[];
  nextNonce: bigint;
}

export function actor(name: string): Actor {
  const key = keccakText(`cardhour replay ${name}`);
  return { key, address: privateKeyToAddress(key).toLowerCase() as Hex };
}

export function providersOf(nodes: readonly TraceNode[], prices: PriceList): ReplayProvider[] {
  const providers: ReplayProvider[] = [];
  const open = new Map<string, ReplayProvider>();
  for (const node of nodes) {
    let owner = open.get(node.model);
    if (!owner || owner.nodes.length === NODES_PER_PROVIDER) {
      const name = `provider-${providers.length}`;
      const region = REGIONS[providers.length % REGIONS.length]!;
      owner = { ...actor(name), name, region, nodes: [], nextNonce: 0n };
      providers.push(owner);
      open.set(node.model, owner);
    }
    owner.nodes.push(nodeOf(node, owner, prices));
  }
  return providers;
}

function nodeOf(node: TraceNode, owner: ReplayProvider, prices: PriceList): ReplayNode {
  const storageGb = Math.ceil(node.memoryMib / 512);
  const cpi = parseCpi(
    formatCpi({
      x: [owner.name, '6513', owner.region, 'az1'],
      y: ['gpu', 'batch', '', `${storageGb}G`, `${NODE_NETWORK_MBPS}M`, `${node.model}x${node.cards}`],
      s: ['server', '', '', `${node.memoryMib}Mi`, '', '1'],
      z: [node.name, 'gpu', node.model, 'all'],
    }),
  );
  if ('reason' in cpi) throw new Error(`an identifier of our own making does not parse: ${cpi.reason}`);
  const { x, y, s, z } = cpi.segments;
  return {
    id: cpi.node,
    owner,
    className: node.model,
    cards: node.cards,
    reserve: spread(prices.referenceOf(node.model).price, 70, 110, node.name),
    listing: {
      x,
      y: `${y}/${s}`,
      z,
      className: node.model,
      region: owner.region,
      cards: node.cards,
      networkMbps: NODE_NETWORK_MBPS,
      storageGb,
    },
  };
}

/** An ask over `cards` of a node, valid from `from` (unix seconds) on, with a nonce of its own. */
export function askOf(node: ReplayNode, cards: number, from: bigint): Ask {
  return {
    provider: node.owner.address,
    supply: node.id,
    supplyKind: 0,
    nodeEpoch: 0,
    resourceClass: classId(node.className),
    region: regionId(node.owner.region),
    cards,
    reservePrice: node.reserve,
    validFrom: from,
    validUntil: FOR_EVER,
    nonce: node.owner.nextNonce++,
  };
}

export async function signAsk(
  node: ReplayNode,
  cards: number,
  from: bigint,
  domain: SigningDomain,
): Promise<SignedAsk> {
  const ask = askOf(node, cards, from);
  return { ask, signature: await sign({ hash: askId(domain, ask), privateKey: node.owner.key, to: 'hex' }) };
}

export interface PodOrder {
  pod: TracePod;
  /** Unix seconds. */
  arrives: bigint;
}

/** Who orders a pod. */
export function consumerOf(pod: TracePod, consumers: readonly Actor[]): Actor {
  return consumers[Number(BigInt(keccakText(pod.name)) % BigInt(consumers.length))]!;
}

/** The order of a pod; it lives until the end of the second slot after its own. */
export function orderOf(
  { pod, arrives }: PodOrder,
  nonce: bigint,
  consumers: readonly Actor[],
  classNames: readonly string[],
  prices: PriceList,
  { slotSeconds, commitDeadlineSeconds }: Parameters,
): Pick<SignedOrder, 'order' | 'classes'> {
  const consumer = consumerOf(pod, consumers);
  const allowed = pod.models.length > 0 ? pod.models : classNames;
  const reference = median(allowed.map((model) => prices.referenceOf(model).price));
  const validUntil = (arrives / BigInt(slotSeconds) + 3n) * BigInt(slotSeconds);
  const ids = pod.models.map(classId);
  const order: Order = {
    consumer: consumer.address,
    requirement: requirementOf(ids),
    cards: pod.cards,
    duration: pod.duration,
    startPrice: spread(reference, 110, 180, pod.name),
    ...taskVector({
      cards: pod.cards,
      networkMbps: TASK_NETWORK_MBPS * pod.cards,
      storageGb: Math.ceil(pod.memoryMib / 1024),
    }),
    region: ZERO_HASH,
    latestStart: validUntil + BigInt(commitDeadlineSeconds),
    validUntil,
    minReputation: 0,
    minTier: 0,
    workload: workloadHash(WORKLOAD),
    nonce,
  };
  return { order, classes: classesFor(ids) };
}

export async function signOrder(
  arrival: PodOrder,
  nonce: bigint,
  consumers: readonly Actor[],
  classNames: readonly string[],
  prices: PriceList,
  { chainId, auction, parameters }: Deployment,
): Promise<SignedOrder> {
  const unsigned = orderOf(arrival, nonce, consumers, classNames, prices, parameters);
  const hash = orderId({ chainId, auction }, unsigned.order);
  const { key } = consumerOf(arrival.pod, consumers);
  return { ...unsigned, signature: await sign({ hash, privateKey: key, to: 'hex' }) };
}
