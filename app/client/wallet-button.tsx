'use client';

import { useEffect, useState } from 'react';
import { useConnect, useConnection, useConnectors, useDisconnect, useSwitchChain } from 'wagmi';
import { failureOf } from './failure.ts';
import { short } from './format.ts';
import { useMarket } from './market.ts';

/** Wallets found in this browser (EIP-6963), the connected one, and the way back. */
export function WalletButton() {
  const { deployment } = useMarket();
  const { address, chainId, status } = useConnection();
  const connectors = useConnectors();
  const connect = useConnect();
  const disconnect = useDisconnect();
  const switchChain = useSwitchChain();
  // What the browser has is unknown while the server renders: both must draw the same first.
  const [inBrowser, setInBrowser] = useState(false);
  useEffect(() => {
    setInBrowser(true);
  }, []);

  if (inBrowser && status === 'connected') {
    return (
      <div className="wallet">
        {chainId !== deployment.chainId && (
          <button
            type="button"
            className="primary"
            onClick={() => {
              switchChain.mutate({ chainId: deployment.chainId });
            }}
          >
            Switch to chain {deployment.chainId}
          </button>
        )}
        <span className="mono" data-testid="account" title={address}>
          {short(address)}
        </span>
        <button
          type="button"
          onClick={() => {
            disconnect.mutate({});
          }}
        >
          Disconnect
        </button>
      </div>
    );
  }
  return (
    <div className="wallet">
      {inBrowser && connectors.length === 0 && (
        <span className="quiet">No wallet found: install a browser wallet to trade.</span>
      )}
      {inBrowser &&
        connectors.map((connector) => (
          <button
            type="button"
            key={connector.uid}
            className="primary"
            disabled={connect.isPending}
            onClick={() => {
              connect.mutate({ connector });
            }}
          >
            Connect {connector.name}
          </button>
        ))}
      {connect.error !== null && <span className="bad">{failureOf(connect.error).sentence}</span>}
    </div>
  );
}
