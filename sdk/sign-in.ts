/** Signs in with Ethereum (ERC-4361): asks for a nonce, lets the wallet sign, opens the session. */
import { createSiweMessage } from 'viem/siwe';
import { getAddress } from 'viem';
import type { Hex } from '../domain/types.ts';
import type { AnswerOf, Client } from './client.ts';

export interface Signer {
  address: Hex;
  signMessage(message: string): Promise<Hex>;
}

/** @param url of the page or program that signs in; its host has to be one of the market's own */
export async function signIn(
  client: Client,
  { address, signMessage }: Signer,
  url: string,
): Promise<AnswerOf<'POST /sign-in'>> {
  const { nonce, chainId } = await client.call('POST /sign-in/nonce', { body: {} });
  const message = createSiweMessage({
    address: getAddress(address),
    chainId,
    domain: new URL(url).host,
    uri: new URL(url).origin,
    nonce,
    version: '1',
    statement: 'Sign in to Cardhour.',
    issuedAt: new Date(),
  });
  return client.call('POST /sign-in', { body: { message, signature: await signMessage(message) } });
}
