import { Contract, JsonRpcProvider, NonceManager, Wallet, type TransactionResponse } from 'ethers';
import type { Deployment } from './deployment.ts';
import { bondAbi, testStablecoinAbi, vaultAbi } from './generated/abi.ts';
import { untilMined } from './receipt.ts';

export interface TestBondOptions {
  rpcUrl: string;
  deployment: Deployment;
  schedulerKey: string;
  /** Base units; covers far more than a local market trades when absent. */
  amount?: bigint;
  /** Called after each transaction is sent, for chains that mine on demand. */
  onBroadcast?: () => Promise<void>;
}

const AMPLE = 100_000_000_000_000n;

/**
 * Bonds the scheduler of a market that settles in test money, which anyone mints.
 * @throws Error when the chain refuses, e.g. because the token is no test money
 */
export async function bondTestMoney(options: TestBondOptions): Promise<void> {
  const { deployment, amount = AMPLE } = options;
  const provider = new JsonRpcProvider(options.rpcUrl, undefined, {
    staticNetwork: true,
    cacheTimeout: -1,
  });
  try {
    const signer = new NonceManager(new Wallet(options.schedulerKey, provider));
    const calls: [
      to: string,
      abi: typeof bondAbi | typeof testStablecoinAbi | typeof vaultAbi,
      string,
      unknown[],
    ][] = [
      [deployment.token, testStablecoinAbi, 'mint', [deployment.scheduler, amount]],
      [deployment.token, testStablecoinAbi, 'approve', [deployment.vault, amount]],
      [deployment.vault, vaultAbi, 'deposit', [amount]],
      [deployment.bond, bondAbi, 'addBond', [amount]],
    ];
    const hashes: string[] = [];
    for (const [to, abi, method, args] of calls) {
      const call = new Contract(to, abi, signer).getFunction(method);
      // Estimates would read what the calls before it have yet to do.
      const sent = (await call(...args, { gasLimit: 300_000n })) as TransactionResponse;
      await options.onBroadcast?.();
      hashes.push(sent.hash);
    }
    const mined = async (hash: string, index: number): Promise<void> => {
      const receipt = await untilMined(() => provider.getTransactionReceipt(hash));
      if (receipt.status !== 1) throw new Error(`The chain refused ${calls[index]![2]} (${hash}).`);
    };
    await Promise.all(hashes.map(mined));
  } finally {
    provider.destroy();
  }
}
