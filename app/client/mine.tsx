'use client';

import { MyLeases } from './my-leases.tsx';
import { MyOrders } from './my-orders.tsx';
import { useWallet } from './use-wallet.ts';

/** What belongs to the connected account. */
export function Mine() {
  const { address } = useWallet();
  if (address === null) return null;
  return (
    <>
      <MyLeases account={address} />
      <MyOrders account={address} />
    </>
  );
}
