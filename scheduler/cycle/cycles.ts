/** Clusters in the market: decided once a cycle, formed by consent, shared out (ADR 24). */
import pg from 'pg';
import { clustersAbi, providerRegistryAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { createSeal } from '../../domain/seal.ts';
import type { Hex } from '../../domain/types.ts';
import { openPolicyOr } from '../cluster/policy/propose.ts';
import { createTransactionManager } from '../commit/transaction-manager.ts';
import { openProvider } from '../provider.ts';
import { fewestSlots } from './clock.ts';
import { decideCycle, type CycleReport } from './decide-cycle.ts';
import { distributeDue } from './distribute.ts';
import { formDue, type FormReport } from './form.ts';

export interface CyclesOptions {
  databaseUrl: string;
  rpcUrl: string;
  deployment: Deployment;
  /** Hex private key of the account that forms clusters. */
  schedulerKey: Hex;
  /** Slots of a cycle. */
  cycleSlots: number;
  reachMicros: number;
  budgetMs: number;
  /** The trained policy; the one that ships when left out. */
  policyFile?: string | undefined;
  onBroadcast?: () => Promise<void>;
  pollMs?: number;
}

/** Each of these may run again at any point, in any process: a cycle is decided once, a cluster formed once, nothing paid twice. */
export interface Cycles {
  /** The cycle of a chain time. */
  cycleAt(now: bigint): bigint;
  decide(cycle: bigint): Promise<CycleReport>;
  /** Forms what all members agreed to, lets lapse what they did not. */
  form(): Promise<FormReport>;
  /** Returns how many clusters' earnings were shared. */
  distribute(): Promise<number>;
  close(): Promise<void>;
}

/** A cycle that is too short to consent, form, trade and settle in is as long as that takes. */
export function createCycles(options: CyclesOptions): Cycles {
  const { deployment, schedulerKey } = options;
  const { parameters } = deployment;
  const fewest = fewestSlots(parameters);
  const cycleSeconds = BigInt(Math.max(fewest, options.cycleSlots)) * BigInt(parameters.slotSeconds);
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 3 });
  // A connection that breaks while idle is replaced by the pool; the next query tells.
  pool.on('error', () => undefined);
  const provider = openProvider(options.rpcUrl, deployment.chainId);
  const transactions = createTransactionManager({
    ...{ pool, provider, chainId: deployment.chainId, key: schedulerKey },
    errorAbis: [clustersAbi, providerRegistryAbi, vaultAbi],
    onBroadcast: options.onBroadcast,
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
  });
  const trust = {
    domain: { chainId: deployment.chainId, auction: deployment.auction },
    seal: createSeal(schedulerKey),
  };
  let policyFault: string | null = null;
  const policy = openPolicyOr((sentence) => (policyFault = sentence), options.policyFile);
  const chainNow = async (): Promise<bigint> => BigInt((await provider.getBlock('latest'))?.timestamp ?? 0);
  const shared = { pool, provider, transactions, deployment };

  return {
    cycleAt: (now) => now / cycleSeconds,
    decide: async (cycle) =>
      decideCycle(
        {
          ...{ pool, trust, parameters, cycleSeconds, policy, policyFault },
          ...{ reachMicros: options.reachMicros, budgetMs: options.budgetMs },
        },
        cycle,
        await chainNow(),
      ),
    form: async () => formDue(shared, await chainNow()),
    distribute: async () => distributeDue(shared, await chainNow()),
    async close() {
      provider.destroy();
      await pool.end();
    },
  };
}
