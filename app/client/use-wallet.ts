'use client';

import { useMemo } from 'react';
import {
  publicActions,
  walletActions,
  type Account,
  type Chain,
  type Client,
  type PublicActions,
  type Transport,
  type WalletActions,
} from 'viem';
import { useConnection, useConnectorClient } from 'wagmi';
import type { Hex } from '../../domain/types.ts';
import { useMarket } from './market.ts';

/** A connected wallet: it signs, and what it is shown before signing is read through its own view of the chain. */
export type Wallet = Client<
  Transport,
  Chain,
  Account,
  undefined,
  PublicActions<Transport, Chain, Account> & WalletActions<Chain, Account>
>;

export function useWallet(): { address: Hex | null; wallet: Wallet | null; wrongChain: boolean } {
  const { deployment } = useMarket();
  const { address, chainId, status } = useConnection();
  const { data } = useConnectorClient({ chainId: deployment.chainId });
  const wallet = useMemo(
    () =>
      data === undefined ? null : (data.extend(publicActions).extend(walletActions) as unknown as Wallet),
    [data],
  );
  const connected = status === 'connected';
  return {
    address: connected ? (address.toLowerCase() as Hex) : null,
    wallet: connected ? wallet : null,
    wrongChain: connected && chainId !== deployment.chainId,
  };
}
