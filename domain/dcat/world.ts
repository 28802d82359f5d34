/** Where servers, zones and links are: drawn from a seed, or given. */
import { stream, type Random } from './random.ts';
import { unitCost, type Settings } from './settings.ts';

export interface World {
  readonly settings: Settings;
  readonly servers: number;
  /** f_i, GHz. */
  readonly power: Float64Array;
  /** What a G costs server i, Eq. (8). */
  readonly unitCost: Float64Array;
  /** Positions, km. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Distance of servers i and j at i × servers + j, km. */
  readonly distance: Float64Array;
  readonly zones: number;
  /** Share of the arrivals that comes from each zone on the mean of a day; sums to 1. */
  readonly zoneShare: Float64Array;
  /** Where in the day a zone's rate peaks, 0 to 1. */
  readonly zonePhase: Float64Array;
  /** First term of Eq. (3) for 1 Mb, zone z to server i at z × servers + i, s/Mb; infinite without a path. */
  readonly perMegabit: Float64Array;
  /** Second term of Eq. (3), s. */
  readonly propagation: Float64Array;
}

export interface Place {
  x: number;
  y: number;
}

export function drawWorld(settings: Settings, seed: number): World {
  const random = stream(seed, 1);
  const towns = Array.from({ length: settings.towns }, () => anywhere(settings, random));
  const places = Array.from({ length: settings.servers }, () => settle(settings, random, towns));
  const power = Float64Array.from(places, () => random.between(settings.power[0], settings.power[1]));
  return buildWorld(settings, places, power, drawDemand(settings, random, towns), random);
}

/** The world of servers at given places; its links' bandwidths are drawn. */
export function buildWorld(
  settings: Settings,
  places: readonly Place[],
  power: Float64Array,
  demand: { zoneShare: Float64Array; zonePhase: Float64Array },
  random: Random,
): World {
  const servers = places.length;
  const side = settings.zonesPerSide;
  const zones = side * side;
  const perMegabit = new Float64Array(zones * servers);
  const propagation = new Float64Array(zones * servers);
  for (let zone = 0; zone < zones; zone++) {
    const middle = zoneMiddle(settings, zone);
    for (let i = 0; i < servers; i++) {
      const hops = 1 + Math.floor(far(middle, places[i]!) / settings.linkLength);
      let seconds = 0;
      for (let link = 0; link < hops; link++)
        seconds += 1 / random.between(settings.bandwidth[0], settings.bandwidth[1]);
      perMegabit[zone * servers + i] = hops > settings.mostHops ? Infinity : seconds;
      propagation[zone * servers + i] = (hops * settings.linkLength) / settings.propagation;
    }
  }
  const distance = new Float64Array(servers * servers);
  for (let i = 0; i < servers; i++)
    for (let j = 0; j < servers; j++) distance[i * servers + j] = far(places[i]!, places[j]!);
  return {
    settings,
    servers,
    power,
    unitCost: power.map((f) => unitCost(settings, f)),
    x: Float64Array.from(places, (place) => place.x),
    y: Float64Array.from(places, (place) => place.y),
    distance,
    zones,
    ...demand,
    perMegabit,
    propagation,
  };
}

export function zoneMiddle(settings: Settings, zone: number): Place {
  const width = settings.side / settings.zonesPerSide;
  const column = zone % settings.zonesPerSide;
  const row = (zone - column) / settings.zonesPerSide;
  return { x: (column + 0.5) * width, y: (row + 0.5) * width };
}

/** Tasks crowd where servers do, a hundred draws a zone. */
function drawDemand(
  settings: Settings,
  random: Random,
  towns: readonly Place[],
): { zoneShare: Float64Array; zonePhase: Float64Array } {
  const side = settings.zonesPerSide;
  const zoneShare = new Float64Array(side * side);
  const draws = zoneShare.length * 100;
  for (let draw = 0; draw < draws; draw++) {
    const place = settle(settings, random, towns);
    const column = Math.min(side - 1, Math.floor((place.x / settings.side) * side));
    const row = Math.min(side - 1, Math.floor((place.y / settings.side) * side));
    zoneShare[row * side + column]! += 1 / draws;
  }
  return { zoneShare, zonePhase: zoneShare.map(() => random.next()) };
}

function anywhere(settings: Settings, random: Random): Place {
  return { x: random.next() * settings.side, y: random.next() * settings.side };
}

/** In a town, whose size falls with its rank, or anywhere. */
function settle(settings: Settings, random: Random, towns: readonly Place[]): Place {
  if (towns.length === 0 || random.next() >= settings.townShare) return anywhere(settings, random);
  const rank = Math.min(random.below(towns.length), random.below(towns.length));
  const town = towns[rank]!;
  const spread = (): number => (random.next() + random.next() - 1) * settings.townReach;
  const within = (value: number): number => Math.min(settings.side, Math.max(0, value));
  return { x: within(town.x + spread()), y: within(town.y + spread()) };
}

function far(a: Place, b: Place): number {
  const x = a.x - b.x;
  const y = a.y - b.y;
  return Math.sqrt(x * x + y * y);
}

/** The world of these servers alone, ascending. */
export function subWorld(world: World, stay: readonly number[]): World {
  const { servers, zones } = world;
  const pick = (values: Float64Array): Float64Array => Float64Array.from(stay, (i) => values[i]!);
  const rows = (matrix: Float64Array, list: readonly number[]): Float64Array =>
    Float64Array.from(list.flatMap((row) => stay.map((i) => matrix[row * servers + i]!)));
  const everyZone = Array.from({ length: zones }, (_, zone) => zone);
  return {
    ...world,
    servers: stay.length,
    power: pick(world.power),
    unitCost: pick(world.unitCost),
    x: pick(world.x),
    y: pick(world.y),
    distance: rows(world.distance, stay),
    perMegabit: rows(world.perMegabit, everyZone),
    propagation: rows(world.propagation, everyZone),
  };
}
