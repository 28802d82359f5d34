import { Interface, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import { marketAbi } from '../contracts/generated/abi.ts';
import type { Deployment } from '../contracts/deployment.ts';
import type { Hex } from '../domain/types.ts';
import type { Call } from './commit/signing.ts';

/** Gas asked for; 65,000 were measured for one that traded before. */
const REFUND_GAS = 150_000n;
/** Refunds of one round; the next takes what is left. */
const BATCH = 200;

const market = new Interface(marketAbi);

/**
 * Calls that return what firm quotes hold that were not procured in time, so that their consumers need not ask for it. Anyone may do
 * it: a quote that somebody else refunded meanwhile is passed over.
 * @param now chain time, unix seconds
 * @param isNew whether a quote was not tried a moment ago
 */
export async function refundCalls(
  { pool, provider, deployment }: { pool: Pool; provider: JsonRpcProvider; deployment: Deployment },
  now: bigint,
  isNew: (orderId: Hex) => boolean,
): Promise<Call[]> {
  const { rows } = await pool.query<{ id: Hex }>(
    `SELECT id FROM quote WHERE outcome = 'HELD' AND deadline < $1 ORDER BY deadline, id LIMIT ${BATCH}`,
    [now],
  );
  const calls: Call[] = [];
  for (const { id } of rows) {
    if (!isNew(id) || !(await isHeld(provider, deployment.market, id))) continue;
    const data = market.encodeFunctionData('refundQuote', [id]) as Hex;
    calls.push({ effect: `refund:${now}:${id}`, to: deployment.market, data, gasLimit: REFUND_GAS });
  }
  return calls;
}

async function isHeld(provider: JsonRpcProvider, to: Hex, orderId: Hex): Promise<boolean> {
  const answer = await provider.call({ to, data: market.encodeFunctionData('quoteOf', [orderId]) });
  const [amount] = market.decodeFunctionResult('quoteOf', answer) as unknown as [bigint];
  return amount !== 0n;
}
