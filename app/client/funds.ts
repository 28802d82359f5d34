import { parseSignature } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import type { Hex } from '../../domain/types.ts';
import { send } from './send.ts';
import type { Wallet } from './use-wallet.ts';

/** Balances as the chain has them at this moment, base units. */
export interface Funds {
  /** In the wallet, outside the market. */
  token: bigint;
  available: bigint;
  bidding: bigint;
  unbidding: bigint;
  staked: bigint;
}

export async function readFunds(wallet: Wallet, { token, vault }: Deployment, owner: Hex): Promise<Funds> {
  const [held, [available, bidding, unbidding, staked]] = await Promise.all([
    wallet.readContract({ address: token, abi: testStablecoinAbi, functionName: 'balanceOf', args: [owner] }),
    wallet.readContract({ address: vault, abi: vaultAbi, functionName: 'balanceOf', args: [owner] }),
  ]);
  return { token: held, available, bidding, unbidding, staked };
}

export async function mintTestMoney(wallet: Wallet, { token }: Deployment, amount: bigint): Promise<void> {
  await send(wallet, {
    address: token,
    abi: testStablecoinAbi,
    functionName: 'mint',
    args: [wallet.account.address, amount],
  });
}

/** Deposits by an ERC-2612 permit: one signature and one transaction; the vault never holds an open allowance. */
export async function deposit(wallet: Wallet, { token, vault }: Deployment, amount: bigint): Promise<void> {
  const owner = wallet.account.address;
  const [held, nonce, [, name, version, chainId], block] = await Promise.all([
    wallet.readContract({ address: token, abi: testStablecoinAbi, functionName: 'balanceOf', args: [owner] }),
    wallet.readContract({ address: token, abi: testStablecoinAbi, functionName: 'nonces', args: [owner] }),
    wallet.readContract({ address: token, abi: testStablecoinAbi, functionName: 'eip712Domain' }),
    wallet.getBlock({ blockTag: 'latest' }),
  ]);
  if (held < amount) throw new ShortOfTokens(held, amount);
  const deadline = block.timestamp + 1800n;
  const signature = await wallet.signTypedData({
    account: wallet.account,
    domain: { name, version, chainId: Number(chainId), verifyingContract: token },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner, spender: vault, value: amount, nonce, deadline },
  });
  const { r, s, v, yParity } = parseSignature(signature);
  await send(wallet, {
    address: vault,
    abi: vaultAbi,
    functionName: 'depositWithPermit',
    args: [amount, deadline, Number(v ?? BigInt(27 + yParity)), r, s],
  });
}

/** The wallet holds less of the token than a deposit needs. */
export class ShortOfTokens extends Error {
  readonly held: bigint;
  readonly needed: bigint;

  constructor(held: bigint, needed: bigint) {
    super('The wallet holds too little of the token');
    this.held = held;
    this.needed = needed;
  }
}

type Move = 'fundBidding' | 'withdraw' | 'requestUnbid';

/** Moves money inside the vault, or out of it. */
export async function move(
  wallet: Wallet,
  { vault }: Deployment,
  functionName: Move,
  amount: bigint,
): Promise<void> {
  await send(wallet, { address: vault, abi: vaultAbi, functionName, args: [amount] });
}

export async function finishUnbid(wallet: Wallet, { vault }: Deployment): Promise<void> {
  await send(wallet, { address: vault, abi: vaultAbi, functionName: 'finishUnbid', args: [] });
}
