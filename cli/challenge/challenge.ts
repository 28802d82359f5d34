/** `cardhour challenge`: verifies a slot, finds the claims that win, makes them, and says what was won. */
import type { PrivateKeyAccount } from 'viem/accounts';
import { createEvidence } from '../../app/evidence/evidence.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';
import type { Claim } from '../../domain/claims/claim.ts';
import { findClaims, type Found } from '../../domain/claims/find.ts';
import { unclaimable } from '../../domain/claims/silence.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { formatMoney } from '../../domain/units.ts';
import { openInputs } from '../verify/inputs.ts';
import { checkChain, deploymentOf } from '../verify/market.ts';
import { callOf, type Challenger } from './calls.ts';
import { contextOf, leavesIn, receiptsIn, type ContextOptions } from './gather.ts';
import { readCommon, type CommonFlags, type CommonOptions } from './flags.ts';
import { accountOf } from './key.ts';
import { pursue, type Outcome } from './pursue.ts';
import { openWallet } from './wallet.ts';

export interface ChallengeFlags extends CommonFlags {
  inputs?: string;
  dryRun?: boolean;
  demand?: boolean;
  receipts?: string;
  leaves?: string;
}

export interface ChallengeOptions extends CommonOptions {
  /** Who hands out the inputs: a market's URL, a mirror's, or a mirror's folder. */
  inputs: string;
  /** Writes the transactions and sends none. */
  dryRun: boolean;
  /** Demands as well: the scheduler that has the item keeps their deposit. */
  withDemands: boolean;
  receiptsFile?: string;
  leavesFile?: string;
}

export function readChallenge(flags: ChallengeFlags): ChallengeOptions {
  const { inputs = flags.api, dryRun = false, demand = false, receipts, leaves } = flags;
  return {
    ...{ ...readCommon(flags), inputs, dryRun, withDemands: demand },
    ...(receipts === undefined ? {} : { receiptsFile: receipts }),
    ...(leaves === undefined ? {} : { leavesFile: leaves }),
  };
}

/** The exit code is 0 when nothing is wrong or every claim was upheld, else 1. */
export async function challenge(options: ChallengeOptions, print: (line: string) => void): Promise<number> {
  const { slot, rpcUrl } = options;
  const account = accountOf(options.keyFile);
  const say = options.dryRun ? (line: string) => console.error(line) : print;
  const deployment = await deploymentOf(options, say);
  await checkChain(rpcUrl, deployment);
  const { leavesFile: leaves, receiptsFile } = options;
  const receipts = receiptsFile === undefined ? [] : receiptsIn(receiptsFile, deployment);
  const source = createEvidence({ rpcUrl, deployment });
  const hash = (await source.slots()).find((known) => known.slot === slot)?.inputsHash ?? null;
  const bytes = await openInputs(options.inputs, say)(slot, hash);
  const held = receipts.map(({ receipt, signature }) => ({ ...receipt, signature }));
  const collected = await source.collect(slot, bytes, held);
  const evidence = leaves === undefined ? collected : { ...collected, leaves: leavesIn(leaves) };
  const wrong = verifySlot(evidence).filter(({ ok }) => !ok);
  const act = createChallenger({
    ...{ rpcUrl, deployment, account, say, receipts, withDemands: options.withDemands },
    ...(options.dryRun ? { write: print } : {}),
  });
  const outcomes = await (await act(evidence, wrong)).done;
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

/**
 * Acts on whatever a verifier found: hand it a slot's evidence and the rules that it breaks. The evidence is read before the first
 * promise is fulfilled; the claims go their way until `done`, beside those of other slots.
 */
export function createChallenger(options: ChallengerOptions) {
  const { rpcUrl, deployment, account, say, write } = options;
  const wallet = openWallet(rpcUrl, account);
  return async (
    evidence: SlotEvidence,
    wrong: readonly RuleResult[],
  ): Promise<{ done: Promise<Outcome[]> }> => {
    const { slot, committed } = evidence;
    const found = findClaims(evidence, await contextOf(options, evidence));
    const claims = options.withDemands ? [...found.claims, ...found.demands] : found.claims;
    for (const line of summary(slot, wrong, found)) say(line);
    if (write) {
      const challenger = { address: wallet.address, sign: account.sign };
      for (const claim of claims) write(await readyLine(deployment, slot, claim, challenger));
      return { done: Promise.resolve([]) };
    }
    // No announcement about the slot is older.
    const since = committed?.block.number ?? BigInt(deployment.deployBlock);
    const pursuit = { wallet, deployment, since, say: (line: string) => say(`slot ${slot}: ${line}`) };
    const done = pursue(pursuit, claims).then((outcomes) => {
      if (outcomes.length > 0) say(`slot ${slot}: ${wonLine(outcomes)}`);
      return outcomes;
    });
    return { done };
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
