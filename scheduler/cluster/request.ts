/** What a decision on clusters is made from, and what it says: servers and distances in, a partition out. */
import type { Tasks } from '../../domain/dcat/arrivals.ts';
import type { Settings } from '../../domain/dcat/settings.ts';

/** What `Clusters.form` takes. */
export const MOST_MEMBERS = 16;

export interface Server {
  /** The node's id. */
  id: string;
  /** Computing power, GHz, or any unit that the tasks' work is in as well. */
  power: number;
  /** Least price of a G; without one, Eq. (8) by the settings. */
  unitCost?: number;
}

export interface ClusterRequest {
  settings: Settings;
  servers: readonly Server[];
  /** Distance of the servers at two indices, in the unit of `settings.reach`: km, or measured latency. */
  distance(a: number, b: number): number;
  /** Eq. (3) from a zone to the server at an index: seconds a Mb, and seconds of propagation; infinite without a path. */
  path(zone: number, server: number): { perMegabit: number; propagation: number };
  /** Tasks as they are expected: those of the last cycles, or drawn from estimated rates (`drawTasks`). */
  tasks: Tasks;
  /** The clusters that run, by their members' ids. `leased`: they serve one lease or more and stay as they are. */
  running?: readonly { members: readonly string[]; leased: boolean }[];
  /** Clusterings to start from beside the running one and the search's own, e.g. a policy's: a cluster's label for each server. */
  proposals?: readonly ArrayLike<number>[];
  /** Largest cluster that can be formed; `MOST_MEMBERS` unless told. */
  mostMembers?: number;
  /** What forming a cluster costs a member, as a share of the profit expected of all. */
  changeShare?: number;
  budgetMs: number;
  seed: number;
}

/** Why a decision is less than it could be, for people. */
export interface Note {
  code: 'NO_SERVERS' | 'ONE_SERVER' | 'ALL_APART' | 'NO_TASKS' | 'BAD_SERVER' | 'BAD_RUNNING' | 'NO_TIME';
  sentence: string;
}

/** What a member may expect on the request's tasks, in whole thousandths of the settings' unit of money; see `domain/dcat/incentive.ts`. */
export interface MemberStake {
  id: string;
  /** As decided. */
  together: number;
  /** Bidding alone while all others stay as decided. */
  alone: number;
  /** What makes it whole: what is missing to `alone`, or 0. */
  compensation: number;
}

export interface ClusterDecision {
  /**
   * Clusters of two or more, members by ascending id, as `Clusters.form` wants them; each power as requested. `stakes`: of each member, in the
   * members' order; empty where nothing was reckoned (no tasks, no time).
   */
  clusters: { members: Server[]; kept: boolean; stakes: MemberStake[] }[];
  /** Servers that bid alone, by id. */
  alone: string[];
  notes: Note[];
  /** Profit on the request's tasks: of the decision, and of every server alone. */
  profit: number;
  profitAlone: number;
  /** All compensations, never above what clusters bring the platform: a cluster that would make them so is not formed, unless it is leased. */
  compensation: number;
  evaluations: number;
  regions: number;
  milliseconds: number;
}
