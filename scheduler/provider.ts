import { JsonRpcProvider, Network } from 'ethers';

/**
 * A JSON-RPC connection without ethers' conveniences that cost a slot its time: no network look-up before each
 * call, no 10 ms wait for a batch, no answer older than the question.
 */
export function openProvider(rpcUrl: string, chainId: number): JsonRpcProvider {
  const network = Network.from(chainId);
  return new JsonRpcProvider(rpcUrl, network, {
    staticNetwork: network,
    batchMaxCount: 1,
    cacheTimeout: -1,
    pollingInterval: 250,
  });
}
