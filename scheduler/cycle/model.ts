/**
 * The market as document 004 models it: a card is a unit of power, a card-second a unit of work, an order's start price its fee, a node's reserve
 * its cost. So the model's profit is what the orders' start prices leave above what is paid: the buyers' saving on Bid, the platform's on
 * firm quotes (ADR 24).
 */
import { tasksOf, type Tasks } from '../../domain/dcat/arrivals.ts';
import { CALIBRATED, type Settings } from '../../domain/dcat/settings.ts';
import { stream } from '../../domain/dcat/random.ts';
import { slotEnd, type Parameters } from '../../domain/parameters.ts';
import type { SignedOrder } from '../../domain/types.ts';
import type { ClusterRequest } from '../cluster/request.ts';
import { suits, type Scene } from './scene.ts';

interface ModelOptions {
  parameters: Parameters;
  slots: { first: bigint; last: bigint };
  /** Largest distance of two members, microseconds. */
  reachMicros: number;
  budgetMs: number;
  seed: number;
}

const NOWHERE = { perMegabit: Infinity, propagation: Infinity };
/** Orders name no data of their own that would have to travel. */
const AT_HAND = { perMegabit: 0, propagation: 0 };
const SECONDS_AN_HOUR = 3_600;

export function requestOf(scene: Scene, options: ModelOptions): ClusterRequest {
  const { parameters, slots } = options;
  const { candidates, before } = scene;
  const slotCount = Number(slots.last - slots.first) + 1;
  const settings: Settings = {
    ...CALIBRATED,
    servers: candidates.length,
    reach: options.reachMicros,
    reduction: Number(parameters.gammaWad) / 1e18,
    slotSeconds: parameters.slotSeconds,
    slotsPerCycle: slotCount,
  };
  const wishes = zonesOf(scene, slots, parameters);
  return {
    settings,
    servers: candidates.map(({ id, cards, reserve }) => ({
      id,
      power: cards,
      unitCost: Number(reserve) / SECONDS_AN_HOUR,
    })),
    distance: (a, b) => scene.distance(candidates[a]!, candidates[b]!),
    path: (zone, server) => (suits(wishes.zones[zone]!, candidates[server]!) ? AT_HAND : NOWHERE),
    tasks: tasksFrom(wishes.tasks, settings, slotCount, options.seed),
    running: before.map((members) => ({ members, leased: false })),
    budgetMs: options.budgetMs,
    seed: options.seed,
  };
}

interface Wish {
  slot: number;
  work: number;
  deadline: number;
  zone: number;
  /** Base units per card-second. */
  fee: number;
}

/** Orders that some candidate could hold; those that want the same classes and region are a zone. */
function zonesOf(
  { candidates, orders }: Scene,
  slots: ModelOptions['slots'],
  parameters: Parameters,
): { zones: SignedOrder[]; tasks: Wish[] } {
  const zones: SignedOrder[] = [];
  const known = new Map<string, number>();
  const tasks = orders.flatMap(({ slot, signed }): Wish[] => {
    const { order } = signed;
    const fits = candidates.some((node) => node.cards >= order.cards && suits(signed, node));
    const slack = Number(order.latestStart - slotEnd(slot, parameters));
    if (!fits || slack < 0) return [];
    const name = `${order.requirement} ${order.region}`;
    if (!known.has(name)) known.set(name, zones.push(signed) - 1);
    return [
      {
        slot: Number(slot - slots.first),
        work: order.cards * order.duration,
        // Its last second: as late as it may start, for as long as it lasts.
        deadline: slack + order.duration,
        zone: known.get(name)!,
        fee: Number(order.startPrice) / SECONDS_AN_HOUR,
      },
    ];
  });
  return { zones, tasks };
}

function tasksFrom(wishes: readonly Wish[], settings: Settings, slots: number, seed: number): Tasks {
  const random = stream(seed, 11);
  const list = wishes.map(({ fee: _, ...wish }) => ({ ...wish, data: 0, lottery: random.next() }));
  return { ...tasksOf(settings, list, slots), unitFee: Float64Array.from(wishes, ({ fee }) => fee) };
}
