'use client';

import { createContext, useContext } from 'react';
import type { Deployment } from '../../contracts/deployment.ts';

/** The deployment that the pages trade on. */
export interface Market {
  deployment: Deployment;
  /** The token is test money that anyone may mint. */
  testMoney: boolean;
  symbol: string;
}

export const MarketContext = createContext<Market | null>(null);

export function useMarket(): Market {
  const market = useContext(MarketContext);
  if (market === null) throw new Error('useMarket outside Providers');
  return market;
}
