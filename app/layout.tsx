import type { Metadata, Viewport } from 'next';
import Link from 'next/link';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import { Providers } from './client/providers.tsx';
import { WalletButton } from './client/wallet-button.tsx';
import './globals.css';
import { configOf, serverContext } from './server/context.ts';
import { toJson } from './server/wire.ts';
import type { ConfigView } from './views.ts';

export const metadata: Metadata = {
  title: 'Cardhour',
  description: 'An open market for computing power: buy card-hours, bid for them, verify every auction.',
};

export const viewport: Viewport = { colorScheme: 'light dark' };

export default async function Layout({ children }: { children: ReactNode }) {
  // The deployment is read when a page is asked for, not when the pages are built.
  await connection();
  const config = JSON.parse(toJson(configOf(serverContext()))) as ConfigView;
  return (
    <html lang="en">
      <body>
        <Providers config={config}>
          <header className="top">
            <Link href="/" className="brand">
              Cardhour
            </Link>
            <nav>
              <Link href="/">Market</Link>
              <Link href="/me">My orders and leases</Link>
              <Link href="/slots">Slots</Link>
              <Link href="/demand">Demand</Link>
              <Link href="/clusters">Clusters</Link>
            </nav>
            <WalletButton />
          </header>
          <main>{children}</main>
        </Providers>
      </body>
    </html>
  );
}
