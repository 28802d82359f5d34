import type { Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Mirrored, Store } from '../store/store.ts';
import { unreachable } from './endpoints.ts';
import type { ChainIdentity, ChainReader } from './reader.ts';

/**
 * Makes sure that chain, deployment and database speak of the same market, and notes in an empty database which it is. A node of
 * another chain is left out as long as one of the right chain answers.
 *
 * @throws Refusal CHAIN_REPLACED; CHAIN_UNREACHABLE
 */
export async function checkIdentity(
  store: Store,
  reader: ChainReader,
  deployment: Deployment,
): Promise<void> {
  const known = await store.identity();
  const health = reader.endpoints.health();
  const answers = await reader.endpoints.each((endpoint) => reader.identityOf(endpoint));
  const failures: string[] = [];
  const wrongs: { name: string; why: string }[] = [];
  let right: ChainIdentity | undefined;
  answers.forEach((answer, index) => {
    const { name = '', head = null, state } = health[index] ?? {};
    if (answer.status === 'rejected') {
      failures.push(
        `${name} fails: ${answer.reason instanceof Error ? answer.reason.message : String(answer.reason)}`,
      );
      return;
    }
    const why = contradiction(known, answer.value, deployment);
    if (why !== null) wrongs.push({ name, why });
    else {
      right ??= answer.value;
      if (state === 'foreign') reader.endpoints.judge(name, 'good', head, '');
    }
  });
  if (right === undefined && wrongs[0] !== undefined) throw replaced(wrongs[0].why);
  if (right === undefined) throw unreachable(failures);
  for (const { name, why } of wrongs) reader.endpoints.judge(name, 'foreign', null, why);
  if (known !== null) return;
  const { chainId, genesisHash } = right;
  await store.claim({ chainId, genesisHash, auction: deployment.auction });
}

/** Why what a node says can't be the market's chain; null when it can. */
export function contradiction(
  known: Mirrored | null,
  found: ChainIdentity,
  deployment: Deployment,
): string | null {
  if (found.chainId !== deployment.chainId)
    return `RPC_URL leads to chain ${found.chainId}, and the deployment is on chain ${deployment.chainId}`;
  if (known !== null && known.chainId !== deployment.chainId)
    return `the database mirrors chain ${known.chainId}, and the deployment is on chain ${deployment.chainId}`;
  if (known !== null && known.genesisHash !== found.genesisHash)
    return `the chain began anew: its first block is ${found.genesisHash}, the database knows ${known.genesisHash}`;
  if (known !== null && known.auction !== deployment.auction)
    return `the database mirrors the auction ${known.auction}, and the deployment names ${deployment.auction}`;
  if (!found.hasMarket)
    return `the chain has no contract at ${deployment.auction}, where the auction should be`;
  return null;
}

/** The chain is another than the database mirrors. Nothing was written. */
export function replaced(reason: string): Refusal {
  const sentence = `This is not the chain that the database mirrors: ${reason}.`;
  return new Refusal(
    'CHAIN_REPLACED',
    sentence,
    'Point RPC_URL and DEPLOYMENT_FILE back at the chain of this database, or start with an empty database.',
  );
}
