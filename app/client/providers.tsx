'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { defineChain, http } from 'viem';
import { createConfig, WagmiProvider } from 'wagmi';
import { parseDeployment } from '../../contracts/deployment.ts';
import type { ConfigView } from '../views.ts';
import { MarketContext } from './market.ts';

/** Wallets announce themselves (EIP-6963); the chain is the deployment's. */
export function Providers({ config, children }: { config: ConfigView; children: ReactNode }) {
  const [queries] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 500 } } }),
  );
  const [{ market, wagmi }] = useState(() => {
    const deployment = parseDeployment(config.deployment);
    const chain = defineChain({
      id: deployment.chainId,
      name: config.testMoney ? 'Cardhour local chain' : `Chain ${deployment.chainId}`,
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [config.rpcUrl] } },
    });
    return {
      market: { deployment, testMoney: config.testMoney, symbol: 'tUSD' },
      wagmi: createConfig({
        chains: [chain],
        transports: { [chain.id]: http(config.rpcUrl) },
        multiInjectedProviderDiscovery: true,
        ssr: true,
      }),
    };
  });
  return (
    <WagmiProvider config={wagmi}>
      <QueryClientProvider client={queries}>
        <MarketContext value={market}>{children}</MarketContext>
      </QueryClientProvider>
    </WagmiProvider>
  );
}
