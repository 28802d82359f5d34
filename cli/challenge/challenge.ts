/** `cardhour challenge`: verifies a slot, finds the claims that win, makes them, and says what was won. */
import type { RuleResult } from '../../domain/verify.ts';
import { verifySlot } from '../../domain/verify.ts';
import type { Claim } from '../../domain/claims/claim.ts';
import { findClaims, type Found } from '../../domain/claims/find.ts';
import { unclaimable } from '../../domain/claims/silence.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { formatMoney } from '../../domain/units.ts';
import { checkChain, deploymentOf, inputsOf } from '../verify/verify.ts';
import { callOf, type Challenger } from './calls.ts';
import { gather, leavesIn, receiptsIn, type Gathered } from './gather.ts';
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

/** The exit code is 0 when nothing is wrong or every claim was upheld, 1 when something is wrong beside. */
export async function challenge(options: ChallengeOptions, print: (line: string) => void): Promise<number> {
  const { slot, apiUrl, rpcUrl, dryRun } = options;
  const say = dryRun ? (line: string) => console.error(line) : print;
  const account = accountOf(options.keyFile);
  const deployment = await deploymentOf(options, say);
  await checkChain(rpcUrl, deployment);
  const gathered = await gather({
    ...{ rpcUrl, deployment, slot, inputs: await inputsOf(apiUrl, slot) },
    ...(options.receiptsFile === undefined
      ? {}
      : { receipts: await receiptsIn(options.receiptsFile, deployment) }),
    ...(options.leavesFile === undefined ? {} : { leaves: leavesIn(options.leavesFile) }),
  });
  const wrong = verifySlot(gathered.evidence).filter(({ ok }) => !ok);
  const found = findClaims(gathered.evidence, gathered.context);
  const claims = options.withDemands ? [...found.claims, ...found.demands] : found.claims;
  for (const line of summary(slot, wrong, found)) say(line);
  if (dryRun) {
    const challenger = { address: account.address, sign: account.sign };
    for (const claim of claims) print(await readyLine(deployment, slot, claim, challenger));
    return wrong.length > 0 ? 1 : 0;
  }
  const wallet = openWallet(rpcUrl, account);
  const outcomes = await pursue({ wallet, deployment, since: sinceOf(deployment, gathered), say }, claims);
  say(wonLine(outcomes));
  const upheld = outcomes.length > 0 && outcomes.every(({ state }) => state === 'upheld');
  return upheld || (wrong.length === 0 && outcomes.length === 0) ? 0 : 1;
}

/** First block that can hold an announcement about the slot. */
export function sinceOf({ deployBlock }: Deployment, { evidence }: Gathered): bigint {
  return evidence.committed?.block.number ?? BigInt(deployBlock);
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
