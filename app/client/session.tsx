'use client';

import { getAddress } from 'viem';
import { createSiweMessage } from 'viem/siwe';
import { ActionNote } from './action-note.tsx';
import { postJson, useApi } from './api.ts';
import { useAction } from './use-action.ts';
import { useWallet, type Wallet } from './use-wallet.ts';

/** The account that is signed in with the market, if any: orders and logs are shown to their own account alone. */
export function useSession(): string | null {
  const { data } = useApi<{ account: string | null }>('/api/v1/session');
  return data?.account ?? null;
}

/** The way in for the connected wallet. */
export function SignIn({ what }: { what: string }) {
  const { wallet } = useWallet();
  const action = useAction();
  return (
    <div>
      <p className="quiet">Your {what} are shown to you alone.</p>
      {wallet !== null && (
        <button
          type="button"
          disabled={action.busy}
          onClick={() => {
            void action.run('Sign the message in your wallet: it costs nothing.', async () => {
              await signIn(wallet);
              return 'Signed in.';
            });
          }}
        >
          Sign in to see your {what}
        </button>
      )}
      <ActionNote action={action} />
    </div>
  );
}

interface Nonce {
  nonce: string;
  chainId: number;
}

/** Sign-in with Ethereum (ERC-4361): the session comes as a cookie that no script can read. */
async function signIn(wallet: Wallet): Promise<void> {
  const { nonce, chainId } = await postJson<Nonce>('/api/v1/sign-in/nonce', {});
  const { host, origin } = window.location;
  const message = createSiweMessage({
    address: getAddress(wallet.account.address),
    chainId,
    domain: host,
    uri: origin,
    nonce,
    version: '1',
    statement: 'Sign in to Cardhour.',
    issuedAt: new Date(),
  });
  const signature = await wallet.signMessage({ account: wallet.account, message });
  await postJson('/api/v1/sign-in', { message, signature });
}
