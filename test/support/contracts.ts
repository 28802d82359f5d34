import { ContractFactory, type Signer } from 'ethers';
import { build } from '../proofs/mutants/compiler.ts';
import { closureOf, readSources } from '../proofs/mutants/sources.ts';
import type { Hex } from '../../domain/types.ts';

/** Compiles a contract of the tests and deploys it. @param id `file:name` @returns its address and its ABI */
export async function deployContract(id: string, signer: Signer): Promise<{ address: Hex; abi: string }> {
  const [path = ''] = id.split(':');
  const { abi, creation } = build(closureOf(await readSources(), [path]), [id])[id]!;
  const contract = await new ContractFactory(abi, creation, signer).deploy();
  await contract.waitForDeployment();
  return { address: (await contract.getAddress()).toLowerCase() as Hex, abi };
}
