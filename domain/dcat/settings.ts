/**
 * The one table of parameters of the clustering model (document 004, Table I), and of what the paper leaves open.
 * Units throughout: G (10^9 operations), GHz, s, km, Mb, Mb/s; money in the paper's unit.
 */
export interface Settings {
  readonly name: 'paper' | 'calibrated';

  // Table I.
  /** Number of servers |S|: 20 to 60 by 10. */
  readonly servers: number;
  /** Computing power f_i of a server, GHz. */
  readonly power: readonly [least: number, most: number];
  /** Workload l_n of a task, G. */
  readonly work: readonly [least: number, most: number];
  /** Deadline τ_n, s. */
  readonly deadline: readonly [least: number, most: number];
  /** Data size m_n, Mb. */
  readonly data: number;
  /** Bandwidth v_s of a link, Mb/s. */
  readonly bandwidth: readonly [least: number, most: number];
  /** Most links of a path P_{n,k}; the least is 1. */
  readonly mostHops: number;
  /** Propagation speed V, km/s. */
  readonly propagation: number;
  /** Largest distance R_max between two members of a cluster, km: 100 to 300 by 50. */
  readonly reach: number;
  /** Expected arrivals λ a slot, over the whole area: 20 to 50 by 10. */
  readonly arrivals: number;
  /** Unit price p, Eq. (5), money per G. */
  readonly price: number;
  /** Urgency coefficient μ, Eq. (5), s. */
  readonly urgency: number;
  /** Reduction γ of the clock. */
  readonly reduction: number;
  /** ε_e, Eq. (8), money per G and GHz². */
  readonly energyCost: number;
  /** ε_t, Eq. (8), money per s. */
  readonly timeCost: number;

  // What the paper leaves open.
  /** Side of the square area, km: so wide that R_max binds in the whole of its sweep. */
  readonly side: number;
  /** Length d_s of a link, km: 24 links of 60 km just span the diagonal of 1,000 km × 1,000 km. */
  readonly linkLength: number;
  /** Zones a side: the "areas" whose arrival rates the state holds; a task enters the network at its zone's middle. */
  readonly zonesPerSide: number;
  /** Length of a slot, s. At 2 s the middle of the sweeps loads its servers fully: E[l] λ / (|S| E[f]) = 700 × 30 / (40 × 250) = 2.1 s of work. */
  readonly slotSeconds: number;
  readonly slotsPerCycle: number;
  /** Last step K of the clock. */
  readonly lastStep: number;
  /** Towns that servers and tasks crowd around. */
  readonly towns: number;
  /** Share of servers, and of tasks, that belong to a town; the rest lies anywhere. */
  readonly townShare: number;
  /** How far a town reaches, km. */
  readonly townReach: number;
  /** Swing of a zone's arrival rate over a day: from 1 − swing to 1 + swing. */
  readonly swing: number;
  readonly cyclesPerDay: number;
}

const OPEN = {
  side: 1000,
  linkLength: 60,
  zonesPerSide: 5,
  slotSeconds: 2,
  slotsPerCycle: 60,
  lastStep: 255,
  towns: 6,
  townShare: 0.5,
  townReach: 75,
  swing: 0.5,
  cyclesPerDay: 24,
} as const;

/**
 * Table I as printed, in G, GHz and s, with the middle of each sweep. The energy term vanishes (about 10^-23 a G) and the cost is about 0.4%
 * of the fee: only a mix of SI units for the cost with G for the fee makes it count, and then it refuses every task.
 */
export const PAPER: Settings = {
  name: 'paper',
  servers: 40,
  power: [200, 300],
  work: [500, 900],
  deadline: [2, 3],
  data: 20,
  bandwidth: [100, 500],
  mostHops: 24,
  propagation: 3e5,
  reach: 200,
  arrivals: 30,
  price: 10,
  urgency: 2,
  reduction: 0.8,
  energyCost: 1e-28,
  timeCost: 20,
  ...OPEN,
};

/**
 * The fee's mean a G is p (1 + μ E[1/τ]) = 10 (1 + 2 ln 1.5) = 18.109; cost is 40% of it, half energy and half time:
 * ε_e E[f²] = ε_t E[1/f] = 3.6219, with E[f²] = 190,000/3 GHz² and E[1/f] = ln 1.5 / 100 a GHz.
 */
export const CALIBRATED: Settings = {
  ...PAPER,
  name: 'calibrated',
  energyCost: 5.7187e-5,
  timeCost: 893.27,
};

/** What a G costs a server: energy and time, Eq. (8) with l = 1. */
export function unitCost(settings: Settings, power: number): number {
  return settings.energyCost * power * power + settings.timeCost / power;
}

/** What a G pays, Eq. (5) with l = 1. */
export function unitFee(settings: Settings, deadline: number): number {
  return settings.price * (1 + settings.urgency / deadline);
}
