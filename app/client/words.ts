/** Codes as people say them. */
const OUTCOMES: Record<string, string> = {
  matched: 'matched',
  NO_CLASS: 'no ask of this class',
  NO_REGION: 'no ask in this region',
  NO_CARDS: 'no node with enough free cards',
  NO_REPUTATION: 'no provider with the reputation you want',
  NO_TIER: 'no node with the attestation you want',
  PRICE: 'every ask wants more than the start price',
  NONCE: 'another order with its nonce was matched first',
  FUNDS: 'the bidding balance no longer covered it',
  EXPIRED: 'expired',
  NONCE_USED: 'cancelled, or filled before',
  TERMS: 'its terms are outside the bounds',
  BAD_SIGNATURE: 'its signature is wrong',
  SKIPPED: 'the contract skipped the match',
  SLOT_ABANDONED: 'the slot was not committed in time',
};

export function outcomeWords(code: string): string {
  return OUTCOMES[code] ?? code;
}

const ENDS: Record<string, string> = {
  NONE: 'running its term',
  COMPLETED: 'completed',
  CLOSED_BY_CONSUMER: 'closed by the consumer',
  CLOSED_BY_PROVIDER: 'closed by the provider',
  NO_SHOW: 'ended: it never ran',
  FAULT: 'ended: it failed too long',
};

export function endWords(reason: string): string {
  return ENDS[reason] ?? reason;
}

export interface Stage {
  name: string;
  tone: 'good' | 'wait' | 'done' | 'bad';
}

/** Where a lease is, from the chain and from what its agent reports. */
export function leaseStage(
  lease: { settled: boolean; end: string; report: { state: string; exitCode: number | null } | null },
  now: bigint,
): Stage {
  if (lease.settled) return { name: 'settled', tone: 'done' };
  if (BigInt(lease.end) <= now) return { name: 'ended, being settled', tone: 'wait' };
  const { report } = lease;
  if (report === null) return { name: 'waiting for the provider', tone: 'wait' };
  if (report.state === 'failed') return { name: 'could not start', tone: 'bad' };
  if (report.state === 'exited') {
    return {
      name: `command ended${report.exitCode === null ? '' : ` (exit ${report.exitCode})`}`,
      tone: 'done',
    };
  }
  return { name: report.state, tone: report.state === 'running' ? 'good' : 'wait' };
}
