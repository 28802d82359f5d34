import type { Abi, ContractFunctionArgs, ContractFunctionName, Hash } from 'viem';
import {
  auctionAbi,
  leaseBookAbi,
  marketAbi,
  providerRegistryAbi,
  testStablecoinAbi,
  vaultAbi,
} from '../../contracts/generated/abi.ts';
import type { Hex } from '../../domain/types.ts';
import type { Wallet } from './use-wallet.ts';

/** Errors of every contract: a call of one may fail in another. */
const ERRORS: Abi = [auctionAbi, leaseBookAbi, marketAbi, providerRegistryAbi, testStablecoinAbi, vaultAbi]
  .flatMap((abi) => [...(abi as Abi)])
  .filter((item) => item.type === 'error');

/** What a call uses hangs on the second of its block: whether it starts a window, which leaf of a pair comes first. */
const GAS_SHARE = 125n;

/** Tries the call on the chain's present state, lets the wallet sign it, and waits until a block holds it. */
export async function send<const abi extends Abi, name extends ContractFunctionName<abi, 'nonpayable'>>(
  wallet: Wallet,
  call: { address: Hex; abi: abi; functionName: name; args: ContractFunctionArgs<abi, 'nonpayable', name> },
): Promise<Hash> {
  const own = (call.abi as Abi).filter((item) => item.type === 'function');
  const { request } = await wallet.simulateContract({
    address: call.address,
    abi: [...own, ...ERRORS],
    functionName: call.functionName,
    args: call.args as readonly unknown[],
    account: wallet.account,
  });
  const needed = await wallet.estimateContractGas(request);
  const hash = await wallet.writeContract({ ...request, gas: (needed * GAS_SHARE) / 100n });
  const receipt = await wallet.waitForTransactionReceipt({ hash, pollingInterval: 500 });
  if (receipt.status !== 'success') {
    throw new Error('The transaction was mined and failed: the chain moved between the trial and the block');
  }
  return hash;
}
