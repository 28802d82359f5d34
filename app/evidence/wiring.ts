/** What a deployment's file says of its contracts, against what the contracts say themselves: only the Auction's address is believed. */
import type { Abi, PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import * as abis from '../../contracts/generated/abi.ts';
import type { Parameters } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';

type Address = Exclude<keyof Deployment, 'chainId' | 'deployBlock' | 'parameters'>;
type Claim = [of: Address, abi: Abi, getter: string, says: Address | keyof Parameters];

/** From the Auction on: each contract is named by one whose word is already believed. */
const CLAIMS: readonly Claim[] = [
  ['auction', abis.auctionAbi, 'VAULT', 'vault'],
  ['auction', abis.auctionAbi, 'REGISTRY', 'registry'],
  ['auction', abis.auctionAbi, 'CLUSTERS', 'clusters'],
  ['auction', abis.auctionAbi, 'REPUTATION', 'reputation'],
  ['auction', abis.auctionAbi, 'MARKET', 'market'],
  ['auction', abis.auctionAbi, 'BOND', 'bond'],
  ['auction', abis.auctionAbi, 'LEASE_BOOK', 'leaseBook'],
  ['auction', abis.auctionAbi, 'SCHEDULER', 'scheduler'],
  ['vault', abis.vaultAbi, 'TOKEN', 'token'],
  ['vault', abis.vaultAbi, 'authority', 'authority'],
  ['leaseBook', abis.leaseBookAbi, 'MONITORS', 'monitors'],
  ['bond', abis.bondAbi, 'CLAIMS', 'claims'],
  ['bond', abis.bondAbi, 'RECEIPTS', 'receipts'],
  ['bond', abis.bondAbi, 'OVERSOLD', 'oversold'],
  ['auction', abis.auctionAbi, 'SLOT_SECONDS', 'slotSeconds'],
  ['auction', abis.auctionAbi, 'COMMIT_DEADLINE_SECONDS', 'commitDeadlineSeconds'],
  ['auction', abis.auctionAbi, 'GAMMA_WAD', 'gammaWad'],
  ['auction', abis.auctionAbi, 'FEE_BPS', 'feeBps'],
  ['auction', abis.auctionAbi, 'MIN_LEASE_SECONDS', 'minLeaseSeconds'],
  ['auction', abis.auctionAbi, 'MAX_LEASE_SECONDS', 'maxLeaseSeconds'],
  ['auction', abis.auctionAbi, 'UNBOND_SECONDS', 'unbondSeconds'],
  ['leaseBook', abis.leaseBookAbi, 'MIN_BILL_SECONDS', 'minBillSeconds'],
  ['leaseBook', abis.leaseBookAbi, 'SETTLE_LAG_SECONDS', 'settleLagSeconds'],
  ['leaseBook', abis.leaseBookAbi, 'NOTICE_SECONDS', 'noticeSeconds'],
  ['leaseBook', abis.leaseBookAbi, 'NO_SHOW_GRACE_SECONDS', 'noShowGraceSeconds'],
  ['leaseBook', abis.leaseBookAbi, 'FAULT_OUTAGE_SECONDS', 'faultOutageSeconds'],
  ['registry', abis.providerRegistryAbi, 'MIN_PROVIDER_STAKE', 'minProviderStake'],
  ['registry', abis.providerRegistryAbi, 'SLASH_BPS', 'slashBps'],
  ['monitors', abis.monitorsAbi, 'MONITOR_BOND', 'monitorBond'],
  ['monitors', abis.monitorsAbi, 'QUORUM', 'monitorQuorum'],
  ['bond', abis.bondAbi, 'CLAIM_WINDOW_SECONDS', 'claimWindowSeconds'],
  ['bond', abis.bondAbi, 'ANSWER_SECONDS', 'answerSeconds'],
  ['bond', abis.bondAbi, 'CLAIM_DEPOSIT', 'claimDeposit'],
  ['bond', abis.bondAbi, 'CLAIM_PENALTY', 'claimPenalty'],
  ['bond', abis.bondAbi, 'SKIP_PENALTY', 'skipPenalty'],
  ['market', abis.marketAbi, 'QUOTE_SECONDS', 'quoteSeconds'],
  ['market', abis.marketAbi, 'SURPLUS_SHARE_BPS', 'surplusShareBps'],
];

/**
 * Asks the contracts for every address and parameter by which slots are judged.
 * @throws Refusal WRONG_DEPLOYMENT that names the first difference; what the client throws when the chain is silent
 */
export async function checkWiring(client: PublicClient, deployment: Deployment): Promise<void> {
  const found = await Promise.allSettled(
    CLAIMS.map(([of, abi, functionName]) =>
      client.readContract({ address: deployment[of], abi, functionName, args: [] }),
    ),
  );
  for (const [index, [of, , getter, says]] of CLAIMS.entries()) {
    const said = String(
      says in deployment ? deployment[says as Address] : deployment.parameters[says as keyof Parameters],
    );
    const answer = found[index]!;
    if (answer.status === 'rejected') throw answer.reason;
    const is = String(answer.value).toLowerCase();
    if (said === is) continue;
    throw new Refusal(
      'WRONG_DEPLOYMENT',
      `The deployment says that ${says} is ${said}; ${getter} of ${of} at ${deployment[of]} says ${is}.`,
      'Take the addresses and parameters from somebody you trust, and pass them by --deployment FILE.',
    );
  }
}
