/** Claims as transactions. */
import { encodeAbiParameters, encodeFunctionData, keccak256, type Abi, type AbiFunction } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { bondAbi, claimsAbi, oversoldAbi, receiptsAbi } from '../../contracts/generated/abi.ts';
import type { Claim, Verdict } from '../../domain/claims/claim.ts';
import { keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';

/** Untyped: claims carry their arguments as data. */
const ABIS: Record<Claim['judge'], Abi> = {
  claims: claimsAbi,
  receipts: receiptsAbi,
  oversold: oversoldAbi,
};

/** Who claims: its signature over a hash is a secret that comes back the same each time (RFC 6979). */
export interface Challenger {
  address: Hex;
  sign: (parameters: { hash: Hex }) => Promise<Hex>;
}

export interface ReadyCall {
  to: Hex;
  data: Hex;
  value: bigint;
  /** Base units that must be available in the vault. */
  deposit: bigint;
  /** What is sent to the same contract a block before; null when nothing has to be announced. */
  announce: { commitment: Hex; data: Hex } | null;
}

/**
 * The transaction that makes a claim. The salt of an announced one is keccak256 of the challenger's signature over the call with salt 0:
 * nobody else can guess it, and a command that was killed finds it again without having stored it.
 */
export async function callOf(
  { claims, receipts, oversold, parameters }: Deployment,
  claim: Claim,
  challenger: Challenger,
): Promise<ReadyCall> {
  const to = { claims, receipts, oversold }[claim.judge];
  const ready = { to, value: 0n, deposit: claim.waits ? parameters.claimDeposit : 0n };
  if (!claim.announced) return { ...ready, data: dataOf(claim, []), announce: null };
  const hash = keccakWords(keccak256(dataOf(claim, [ZERO_HASH])), SALT);
  const data = dataOf(claim, [keccak256(await challenger.sign({ hash }))]);
  const commitment = keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'bytes' }], [challenger.address, data]),
  );
  const announce = encodeFunctionData({ abi: claimsAbi, functionName: 'announce', args: [commitment] });
  return { ...ready, data, announce: { commitment, data: announce } };
}

/** Tells the signature that makes a salt from any other: keccak256 of "cardhour claim salt". */
const SALT: Hex = keccak256(new TextEncoder().encode('cardhour claim salt'));

function dataOf({ judge, name, args }: Claim, salt: readonly Hex[]): Hex {
  return encodeFunctionData({ abi: ABIS[judge], functionName: name, args: [...salt, ...args] });
}

const VERDICT = (bondAbi as Abi).find(
  (item): item is AbiFunction => item.type === 'function' && item.name === 'claimIdOf',
)!.inputs;

/** The id under which the bond keeps a claim: all of its verdict but the challenger. */
export function claimIdOf(verdict: Verdict): Hex {
  return keccak256(encodeAbiParameters(VERDICT, [{ ...verdict, challenger: NOBODY }]));
}

const NOBODY: Hex = `0x${'0'.repeat(40)}`;
