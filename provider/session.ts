/** The agent's session with the gateway: what parties alone may read is asked for under its signing key (ERC-4361). */
import { getAddress } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import { createSiweMessage } from 'viem/siwe';

export interface Session {
  /** Headers of a request that changes nothing. */
  headers(): Record<string, string>;
  /** Keeps the token that an answer brings; the gateway changes it from time to time. */
  keep(answer: Response): void;
  /** The message to sign in with, and its signature. @param url of the gateway, as the agent reaches it */
  message(url: string, nonce: string, chainId: number): Promise<{ message: string; signature: string }>;
}

export function createSession(account: PrivateKeyAccount): Session {
  let cookie: string | undefined;
  return {
    headers: (): Record<string, string> => (cookie === undefined ? {} : { cookie }),
    keep(answer) {
      const [given] = answer.headers.getSetCookie();
      if (given !== undefined) [cookie] = given.split(';');
    },
    async message(url, nonce, chainId) {
      const { host, origin } = new URL(url);
      const message = createSiweMessage({
        address: getAddress(account.address),
        chainId,
        domain: host,
        uri: origin,
        nonce,
        version: '1',
        statement: 'Sign in to Cardhour.',
        issuedAt: new Date(),
      });
      return { message, signature: await account.signMessage({ message }) };
    },
  };
}
