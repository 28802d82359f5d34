/** Which market, on which chain: asked before any slot is judged by it. */
import { existsSync, readFileSync } from 'node:fs';
import { createPublicClient, http } from 'viem';
import { parseDeployment, type Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';

/** Where `npm start` leaves the addresses. */
const USUAL_FILE = '.cardhour/deployment.json';

/** @param say tells where the addresses come from when nobody named a file */
export async function deploymentOf(
  { apiUrl, deploymentFile }: { apiUrl: string; deploymentFile?: string },
  say: (sentence: string) => void,
): Promise<Deployment> {
  const file = deploymentFile ?? USUAL_FILE;
  if (existsSync(file)) return parseDeployment(readFileSync(file, 'utf8'));
  if (deploymentFile !== undefined)
    throw new Refusal(
      'NOT_FOUND',
      `There is no file ${deploymentFile}.`,
      "Pass --deployment FILE with the contracts' addresses, or leave it out to ask --api.",
    );
  const response = await fetch(`${apiUrl}/api/v1/config`).catch((error: unknown) => {
    throw unreachable(apiUrl, error);
  });
  const config = (await response.json().catch(() => null)) as { deployment?: unknown } | null;
  const deployment = parseDeployment(config?.deployment ?? config);
  say(
    `The contracts' addresses come from ${apiUrl}. Compare the Auction's, ${deployment.auction}: the others are asked of it.`,
  );
  return deployment;
}

/** Says at once that the chain is silent, another one, or without the contracts, instead of failing every rule. */
export async function checkChain(rpcUrl: string, { chainId, auction }: Deployment): Promise<void> {
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 1 }) });
  const found = await client.getChainId().catch((error: unknown) => {
    throw unreachable(rpcUrl, error);
  });
  if (found !== chainId)
    throw new Refusal(
      'WRONG_CHAIN',
      `${rpcUrl} is chain ${found}; the market stands on chain ${chainId}.`,
      'Pass --rpc URL of that chain.',
    );
  if ((await client.getCode({ address: auction })) === undefined)
    throw new Refusal(
      'NOT_DEPLOYED',
      `${rpcUrl} has no contract at ${auction}.`,
      'Pass --deployment FILE of the market on that chain, or --rpc URL of its chain.',
    );
}

export function unreachable(url: string, error: unknown): Refusal {
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return new Refusal(
    'CHAIN_UNREACHABLE',
    `${url} does not answer as it should (${why}).`,
    'Start the market (npm start), or pass --api URL and --rpc URL.',
  );
}
