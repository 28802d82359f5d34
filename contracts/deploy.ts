import { ContractFactory, JsonRpcProvider, NonceManager, Wallet, getCreateAddress, isError } from 'ethers';
import type { InterfaceAbi } from 'ethers';
import type { Parameters } from '../domain/parameters.ts';
import type { Hex } from '../domain/types.ts';
import type { Deployment } from './deployment.ts';
import {
  auctionAbi,
  authorityAbi,
  bondAbi,
  claimsAbi,
  clustersAbi,
  leaseBookAbi,
  marketAbi,
  monitorsAbi,
  oversoldAbi,
  providerRegistryAbi,
  receiptsAbi,
  reputationAbi,
  testStablecoinAbi,
  vaultAbi,
} from './generated/abi.ts';
import {
  auctionBytecode,
  authorityBytecode,
  bondBytecode,
  claimsBytecode,
  clustersBytecode,
  leaseBookBytecode,
  marketBytecode,
  monitorsBytecode,
  oversoldBytecode,
  providerRegistryBytecode,
  receiptsBytecode,
  reputationBytecode,
  testStablecoinBytecode,
  vaultBytecode,
} from './generated/bytecode.ts';
import { untilMined } from './receipt.ts';

const ADMIN_DELAY_SECONDS = 172_800;

export interface DeployOptions {
  rpcUrl: string;
  /** Private key that pays for the deployment; it has no power over the market afterwards. */
  deployerKey: string;
  scheduler: string;
  treasury: string;
  /** The administration (`Authority`); the deployer when absent. Hand it to a multi-signature. */
  admin?: string;
  /** Seconds between what the administration announces and what it does, pausing apart: two days when absent. */
  adminDelaySeconds?: number;
  /** The watchers whose quorum attests outages, at least `parameters.monitorQuorum`, at most 16; for ever. */
  monitors: readonly string[];
  parameters: Parameters;
  /** Settlement token; without one, worthless test money is deployed. */
  token?: string;
  /** Called after each transaction is sent, for chains that mine on demand. */
  onBroadcast?: () => Promise<void>;
}

/**
 * Deploys a market. The contracts name each other at construction, so their addresses are predicted from the deployer's
 * nonce; the deployer must send nothing else meanwhile.
 * @throws Error when a parameter is out of its bounds or the chain refuses
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const provider = new JsonRpcProvider(options.rpcUrl, undefined, {
    staticNetwork: true,
    cacheTimeout: -1,
  });
  try {
    return await deployWith(provider, options);
  } finally {
    provider.destroy();
  }
}

async function deployWith(provider: JsonRpcProvider, options: DeployOptions): Promise<Deployment> {
  const { parameters, scheduler, treasury } = options;
  const wallet = new Wallet(options.deployerKey, provider);
  const nonce = await wallet.getNonce();
  const signer = new NonceManager(wallet);
  const sent: string[] = [];

  const create = async (abi: InterfaceAbi, bytecode: string, args: unknown[]): Promise<string> => {
    const transaction = await new ContractFactory(abi, bytecode, signer).getDeployTransaction(...args);
    const from = nonce + sent.length;
    // Estimates would read contracts that are still on their way; the limit is refunded.
    const response = await signer.sendTransaction({ ...transaction, gasLimit: 6_000_000n });
    await options.onBroadcast?.();
    sent.push(response.hash);
    return getCreateAddress({ from: wallet.address, nonce: from });
  };

  const token = options.token ?? (await create(testStablecoinAbi, testStablecoinBytecode, []));
  const first = nonce + sent.length;
  const created = (offset: number): string =>
    getCreateAddress({ from: wallet.address, nonce: first + offset });
  const addresses = {
    token,
    authority: created(0),
    vault: created(1),
    registry: created(2),
    clusters: created(3),
    reputation: created(4),
    leaseBook: created(5),
    monitors: created(6),
    market: created(7),
    auction: created(8),
    bond: created(9),
    claims: created(10),
    receipts: created(11),
    oversold: created(12),
    scheduler,
    treasury,
  };
  const monitors = options.monitors.map((monitor) => monitor.toLowerCase()).sort();
  await rehearse(provider, [addresses, parameters]);
  const pausable = [addresses.vault, addresses.market, addresses.auction];
  const delay = options.adminDelaySeconds ?? ADMIN_DELAY_SECONDS;
  await create(authorityAbi, authorityBytecode, [options.admin ?? wallet.address, delay, pausable]);
  await create(vaultAbi, vaultBytecode, [addresses, parameters]);
  await create(providerRegistryAbi, providerRegistryBytecode, [addresses, parameters]);
  await create(clustersAbi, clustersBytecode, [addresses, parameters]);
  await create(reputationAbi, reputationBytecode, [addresses, parameters]);
  await create(leaseBookAbi, leaseBookBytecode, [addresses, parameters]);
  await create(monitorsAbi, monitorsBytecode, [addresses, parameters, monitors]);
  await create(marketAbi, marketBytecode, [addresses, parameters]);
  await create(auctionAbi, auctionBytecode, [addresses, parameters]);
  await create(bondAbi, bondBytecode, [addresses, parameters]);
  await create(claimsAbi, claimsBytecode, [addresses, parameters]);
  await create(receiptsAbi, receiptsBytecode, [addresses, parameters]);
  await create(oversoldAbi, oversoldBytecode, [addresses, parameters]);

  const mined = async (hash: string, index: number): Promise<number> => {
    const receipt = await untilMined(() => provider.getTransactionReceipt(hash));
    if (receipt.status !== 1) throw new Error(`The chain refused deployment transaction ${nonce + index}.`);
    return receipt.blockNumber;
  };
  const blocks = await Promise.all(sent.map(mined));
  const lowered = Object.entries(addresses).map(([name, address]) => [name, address.toLowerCase()]);
  return {
    ...(Object.fromEntries(lowered) as Record<keyof typeof addresses, Hex>),
    chainId: Number((await provider.getNetwork()).chainId),
    deployBlock: Math.min(...blocks),
    parameters,
  };
}

/** Asks the chain first, because a receipt does not say which parameter is out of its bounds. */
async function rehearse(provider: JsonRpcProvider, vaultArguments: unknown[]): Promise<void> {
  const factory = new ContractFactory(vaultAbi, vaultBytecode);
  try {
    await provider.call(await factory.getDeployTransaction(...vaultArguments));
  } catch (error) {
    if (!isError(error, 'CALL_EXCEPTION') || error.data === null) throw error;
    const refusal = factory.interface.parseError(error.data);
    if (refusal === null) throw error;
    const [name, value, least, most] = (refusal.args.toArray() as unknown[]).map(String);
    throw new Error(`The parameter ${name} is ${value}, it must be from ${least} to ${most}.`, {
      cause: error,
    });
  }
}
