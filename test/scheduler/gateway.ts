import { createPublicClient, http } from 'viem';
import { createApprovals } from '../../app/server/approvals.ts';
import { createIntake } from '../../app/server/intake.ts';
import { loadLinks } from '../../app/server/links.ts';
import { createOpenAsks } from '../../app/server/open-asks.ts';
import { createQuoteDesk } from '../../app/server/quotes/offer.ts';
import { createPlacing } from '../../app/server/quotes/placing.ts';
import type { Database } from '../../prisma/client.ts';
import type { setup } from './setup.ts';

/** The gateway's parts over the market's own database and chain. */
export function gatewayOf(at: Awaited<ReturnType<typeof setup>>, db: Database) {
  const { deployment, schedulerKey } = at.market;
  const chainNow = at.now;
  const client = createPublicClient({ transport: http(at.chain.rpcUrl) });
  let openAsks = createOpenAsks(db, deployment.parameters.minProviderStake);
  const shared = { db, deployment, chainNow, openAsks: (slotEnd: bigint) => openAsks(slotEnd) };
  return {
    intake: createIntake({
      ...shared,
      receiptKey: schedulerKey,
      isApproved: createApprovals(client, deployment),
    }),
    quote: createQuoteDesk({ ...shared, links: loadLinks(undefined), schedulerKey }),
    placing: createPlacing({ ...shared, receiptKey: schedulerKey }),
    /** What was read of the asks is old now. */
    forget: (): void => {
      openAsks = createOpenAsks(db, deployment.parameters.minProviderStake);
    },
  };
}
