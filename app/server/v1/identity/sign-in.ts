/** Sign-in with Ethereum (ERC-4361): a message that the account signs for this site, once; contract wallets by ERC-1271. */
import { parseSiweMessage, validateSiweMessage } from 'viem/siwe';
import { encodeFunctionData, hashMessage, type PublicClient } from 'viem';
import { Refusal } from '../../../../domain/refusal.ts';
import { recoverSigner } from '../../../../domain/signature.ts';
import type { Hex } from '../../../../domain/types.ts';
import type { Database } from '../../../../prisma/client.ts';
import { newToken } from './tokens.ts';

/** A nonce can be used for so long. */
const NONCE_MS = 10 * 60_000;
/** A message may say that it was issued this much in the future: clocks differ. */
const SKEW_MS = 60_000;

const again = (sentence: string): Refusal =>
  new Refusal(
    'BAD_SIGN_IN',
    sentence,
    'Take a new nonce (POST /api/v1/sign-in/nonce) and sign its message anew.',
  );

export async function issueNonce(db: Database, now: Date): Promise<{ nonce: string; expiresAt: Date }> {
  // ERC-4361 allows letters and digits.
  const nonce = newToken()
    .replace(/[^A-Za-z0-9]/g, '0')
    .slice(0, 32);
  const expiresAt = new Date(now.getTime() + NONCE_MS);
  await db.signInNonce.create({ data: { nonce, expiresAt } });
  await db.signInNonce.deleteMany({ where: { expiresAt: { lt: now } } });
  return { nonce, expiresAt };
}

export interface SignInTerms {
  db: Database;
  client: PublicClient;
  chainId: number;
  /** Hosts (with port, where it is not the usual one) that this server is reached at. */
  domains: readonly string[];
  now: Date;
}

/** The account that signed. The nonce is used up, whether the signature is right or not. @throws Refusal BAD_SIGN_IN, CHAIN_UNREACHABLE */
export async function checkSignIn(
  { db, client, chainId, domains, now }: SignInTerms,
  message: string,
  signature: Hex,
): Promise<Hex> {
  const parsed = parseSiweMessage(message);
  const { address, nonce, domain, issuedAt } = parsed;
  if (address === undefined || nonce === undefined || domain === undefined || parsed.version !== '1')
    throw again('The message is none of ERC-4361.');
  const used = await db.signInNonce.deleteMany({ where: { nonce, expiresAt: { gt: now } } });
  if (used.count !== 1) throw again('The nonce is unknown, too old, or was used before.');
  if (!domains.includes(domain))
    throw again(`The message is for ${domain}, this is ${domains.join(' or ')}.`);
  if (parsed.uri === undefined || !URL.canParse(parsed.uri) || new URL(parsed.uri).host !== domain)
    throw again("The message's URI is of another site than its domain.");
  if (parsed.chainId !== chainId)
    throw again(`The message is for chain ${parsed.chainId ?? 'none'}, the market is on ${chainId}.`);
  if (issuedAt === undefined || issuedAt.getTime() > now.getTime() + SKEW_MS)
    throw again('The message was issued in the future, or never.');
  if (!validateSiweMessage({ address, message: parsed, time: now }))
    throw again('The message is not valid at this time.');
  const account = address.toLowerCase() as Hex;
  if (recoverSigner(hashMessage(message), signature) === account) return account;
  if (await isWalletsWord(client, account, message, signature)) return account;
  throw again(`The signature is not by ${account}.`);
}

/** Asks a contract wallet (ERC-1271); plain accounts have no code, and no second way. */
async function isWalletsWord(
  client: PublicClient,
  address: Hex,
  message: string,
  signature: Hex,
): Promise<boolean> {
  let code: Hex | undefined;
  try {
    code = await client.getCode({ address });
  } catch {
    throw new Refusal(
      'CHAIN_UNREACHABLE',
      'The chain does not answer, so the wallet can not be asked.',
      'Try again in a moment.',
    );
  }
  if (code === undefined) return false;
  const args = [hashMessage(message), signature] as const;
  try {
    // A wallet may not keep the node busy.
    const data = encodeFunctionData({ abi: ERC1271, functionName: 'isValidSignature', args });
    const answer = await client.call({ to: address, data, gas: WALLET_GAS });
    return answer.data?.startsWith('0x1626ba7e') === true;
  } catch {
    return false;
  }
}

const WALLET_GAS = 1_000_000n;
const ERC1271 = [
  {
    type: 'function',
    name: 'isValidSignature',
    stateMutability: 'view',
    inputs: [
      { name: 'hash', type: 'bytes32' },
      { name: 'signature', type: 'bytes' },
    ],
    outputs: [{ name: 'magicValue', type: 'bytes4' }],
  },
] as const;
