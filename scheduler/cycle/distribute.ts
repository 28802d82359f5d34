/** Shares what clusters earned among their members, as soon as it is there; the contract splits it by power. */
import { Interface, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import type { Deployment } from '../../contracts/deployment.ts';
import { clustersAbi } from '../../contracts/generated/abi.ts';
import type { Hex } from '../../domain/types.ts';
import type { Call } from '../commit/signing.ts';
import type { TransactionManager } from '../commit/transaction-manager.ts';

/** Gas asked for, for 16 members. */
const GAS = 1_200_000n;
const BATCH = 50;

interface DistributeOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  deployment: Deployment;
}

const clusters = new Interface(clustersAbi);

/**
 * Returns how many clusters were shared out. What the chain would refuse now, most of all an account that another process has just emptied, is
 * left. @param now chain time, unix seconds
 */
export async function distributeDue(options: DistributeOptions, now: bigint): Promise<number> {
  const { pool, transactions, deployment } = options;
  const { rows } = await pool.query<{ cluster: Hex }>(
    `SELECT c.args->>'cluster' AS cluster FROM chain_event c
       JOIN account a ON a.address = c.args->>'account' AND a.available > 0
     WHERE c.name = 'ClusterFormed' ORDER BY 1 LIMIT ${BATCH}`,
  );
  const calls: Call[] = [];
  for (const { cluster } of rows) {
    const data = clusters.encodeFunctionData('distribute', [cluster]) as Hex;
    const call = { effect: `distribute:${now}:${cluster}`, to: deployment.clusters, data, gasLimit: GAS };
    if (await passes(options, call)) calls.push(call);
  }
  if (calls.length === 0) return 0;
  const mined = await transactions.send(calls);
  return mined.filter(({ reverted }) => reverted === null).length;
}

async function passes({ provider, transactions }: DistributeOptions, { to, data }: Call): Promise<boolean> {
  try {
    await provider.call({ to, data, from: transactions.address });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'CALL_EXCEPTION') return false;
    throw error;
  }
}
