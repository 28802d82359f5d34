/** `cardhour challenge`: verifies a slot, finds the claims that win, makes them, and says what was won. */
import type { PrivateKeyAccount } from 'viem/accounts';
import { createEvidence } from '../../app/server/evidence.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';
import type { Claim } from '../../domain/claims/claim.ts';
import { findClaims, type Found } from '../../domain/claims/find.ts';
import { unclaimable } from '../../domain/claims/silence.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { formatMoney } from '../../domain/units.ts';
import { checkChain, deploymentOf, inputsOf } from '../verify/verify.ts';
import { callOf, type Challenger } from './calls.ts';
import { contextOf, leavesIn, receiptsIn, type ContextOptions } from './gather.ts';
import { accountOf } from './key.ts';
import { pursue, type Outcome } from './pursue.ts';
import { openWallet } from './wallet.ts';

export interface ChallengeOptions {
  slot: bigint;
  apiUrl: string;
  rpcUrl: string;
  deploymentFile?: string;
  keyFile: string | undefined;
  /** Writes the transactions and sends none. */
  dryRun: boolean;
  /** Demands as well: the scheduler that has the item keeps their deposit. */
  withDemands: boolean;
  receiptsFile?: string | undefined;
  leavesFile?: string | undefined;
}

/** The exit code is 0 when nothing is wrong or every claim was upheld, else 1. */
export async function challenge(options: ChallengeOptions, print: (line: string) => void): Promise<number> {
  const { slot, apiUrl, rpcUrl } = options;
  const account = accountOf(options.keyFile);
  const say = options.dryRun ? (line: string) => console.error(line) : print;
  const deployment = await deploymentOf(options, say);
  await checkChain(rpcUrl, deployment);
  const found = await createEvidence({ rpcUrl, deployment }).collect(slot, await inputsOf(apiUrl, slot));
  const { leavesFile: leaves, receiptsFile: receipts } = options;
  const evidence = leaves === undefined ? found : { ...found, leaves: leavesIn(leaves) };
  const act = createChallenger({
    ...{ rpcUrl, deployment, account, say, withDemands: options.withDemands },
    ...(options.dryRun ? { write: print } : {}),
    ...(receipts === undefined ? {} : { receipts: await receiptsIn(receipts, deployment) }),
  });
  const wrong = verifySlot(evidence).filter(({ ok }) => !ok);
  const outcomes = await act(evidence, wrong);
  const won = outcomes.length > 0 && outcomes.every(({ state }) => state === 'upheld');
  return won || (wrong.length === 0 && outcomes.length === 0 && !options.dryRun) ? 0 : 1;
}

export interface ChallengerOptions extends ContextOptions {
  account: PrivateKeyAccount;
  say: (line: string) => void;
  withDemands: boolean;
  /** Takes the transactions as JSON, a line each; then none is sent. */
  write?: (line: string) => void;
}

/** Acts on whatever a verifier found: hand it a slot's evidence and the rules that it breaks. */
export function createChallenger(options: ChallengerOptions) {
  const { rpcUrl, deployment, account, say, write } = options;
  return async (evidence: SlotEvidence, wrong: readonly RuleResult[]): Promise<Outcome[]> => {
    const { slot, committed } = evidence;
    const found = findClaims(evidence, await contextOf(options, evidence));
    const claims = options.withDemands ? [...found.claims, ...found.demands] : found.claims;
    for (const line of summary(slot, wrong, found)) say(line);
    if (write) {
      const challenger = { address: account.address, sign: account.sign };
      for (const claim of claims) write(await readyLine(deployment, slot, claim, challenger));
      return [];
    }
    // No announcement about the slot is older.
    const since = committed?.block.number ?? BigInt(deployment.deployBlock);
    const outcomes = await pursue({ wallet: openWallet(rpcUrl, account), deployment, since, say }, claims);
    if (outcomes.length > 0) say(wonLine(outcomes));
    return outcomes;
  };
}

function summary(slot: bigint, wrong: readonly RuleResult[], { claims, demands }: Found): string[] {
  const lines = [`slot ${slot}: ${wrong.length} rules fail, ${claims.length} claims win`];
  for (const { rule, firstDifference } of wrong)
    lines.push(`FAIL  ${rule.padEnd(14)} ${firstDifference ?? ''}`);
  for (const { name, sentence } of claims) lines.push(`CLAIM ${name}: ${sentence}`);
  for (const { sentence } of demands)
    lines.push(`DEMAND (--demand; its deposit is lost if it is answered): ${sentence}`);
  if (claims.length === 0)
    for (const { rule } of wrong) lines.push(`NONE  ${rule.padEnd(14)} ${unclaimable(rule)}`);
  return lines;
}

/** A transaction as JSON: what to send, and what to announce a block before. */
async function readyLine(
  deployment: Deployment,
  slot: bigint,
  claim: Claim,
  challenger: Challenger,
): Promise<string> {
  const { to, data, value, deposit, announce } = await callOf(deployment, claim, challenger);
  const { name, sentence, verdict } = claim;
  return JSON.stringify({
    ...{ slot: slot.toString(), claim: name, to, data, value: value.toString(), deposit: deposit.toString() },
    ...{
      announce,
      restitution: verdict?.restitution.toString() ?? null,
      harmed: verdict?.harmed ?? null,
      sentence,
    },
  });
}

function wonLine(outcomes: readonly Outcome[]): string {
  const sum = (of: 'restitution' | 'reward') => formatMoney(outcomes.reduce((all, one) => all + one[of], 0n));
  const upheld = outcomes.filter(({ state }) => state === 'upheld').length;
  return `${upheld} of ${outcomes.length} claims upheld: ${sum('reward')} won, ${sum('restitution')} paid to the harmed`;
}
