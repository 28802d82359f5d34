/** The money that claims stake: what is missing in the vault is deposited from the challenger's token balance. */
import { encodeFunctionData, erc20Abi } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { vaultAbi } from '../../contracts/generated/abi.ts';
import { Refusal } from '../../domain/refusal.ts';
import { formatMoney } from '../../domain/units.ts';
import type { Wallet } from './wallet.ts';

/** Says what it is going to move before it moves it. @throws Refusal when the challenger does not have it */
export async function provide(
  wallet: Wallet,
  { vault, token }: Deployment,
  needed: bigint,
  say: (line: string) => void,
): Promise<void> {
  const { client, address } = wallet;
  const [available] = await client.readContract({
    address: vault,
    abi: vaultAbi,
    functionName: 'balanceOf',
    args: [address],
  });
  if (available >= needed) return;
  const missing = needed - available;
  const read = { address: token, abi: erc20Abi } as const;
  const [held, allowed] = await Promise.all([
    client.readContract({ ...read, functionName: 'balanceOf', args: [address] }),
    client.readContract({ ...read, functionName: 'allowance', args: [address, vault] }),
  ]);
  if (held < missing)
    throw new Refusal(
      'ENVIRONMENT',
      `The claims stake ${formatMoney(needed)}; ${address} has ${formatMoney(available)} in the vault and ${formatMoney(held)} in its wallet.`,
      `Send it ${formatMoney(missing - held)} and start again.`,
    );
  say(`deposits ${formatMoney(missing)} into the vault, to have ${formatMoney(needed)} at stake`);
  if (allowed < missing)
    await wallet.send(
      token,
      encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [vault, missing] }),
    );
  await wallet.send(vault, encodeFunctionData({ abi: vaultAbi, functionName: 'deposit', args: [missing] }));
}
