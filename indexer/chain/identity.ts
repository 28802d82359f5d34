import type { Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import type { ChainIdentity, Store } from '../store/store.ts';
import type { ChainReader } from './reader.ts';

/**
 * Makes sure that chain, deployment and database speak of the same market, and notes in an empty database which it is.
 *
 * @throws Refusal CHAIN_REPLACED
 */
export async function checkIdentity(
  store: Store,
  reader: ChainReader,
  deployment: Deployment,
): Promise<void> {
  const found = await reader.identity();
  if (found.chainId !== deployment.chainId) {
    throw replaced(
      `RPC_URL leads to chain ${found.chainId}, and the deployment is on chain ${deployment.chainId}`,
    );
  }
  const known = await store.identity();
  if (known !== null) compare(known, found.genesisHash, deployment);
  if (!found.hasMarket)
    throw replaced(`the chain has no contract at ${deployment.auction}, where the auction should be`);
  if (known !== null) return;
  const { chainId, genesisHash } = found;
  await store.claim({ chainId, genesisHash, auction: deployment.auction });
}

function compare(known: ChainIdentity, genesisHash: Hex, deployment: Deployment): void {
  if (known.chainId !== deployment.chainId) {
    throw replaced(
      `the database mirrors chain ${known.chainId}, and the deployment is on chain ${deployment.chainId}`,
    );
  }
  if (known.genesisHash !== genesisHash) {
    throw replaced(
      `the chain began anew: its first block is ${genesisHash}, the database knows ${known.genesisHash}`,
    );
  }
  if (known.auction !== deployment.auction) {
    throw replaced(
      `the database mirrors the auction ${known.auction}, and the deployment names ${deployment.auction}`,
    );
  }
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
