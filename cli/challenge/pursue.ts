/**
 * A claim's way to money: announce, tell a block later, wait for the scheduler's answer, conclude. Where it stands is read from the
 * chain each time, so that a command that was killed goes on where it was.
 */
import { encodeFunctionData, parseAbiItem, parseEventLogs, type Log } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { bondAbi } from '../../contracts/generated/abi.ts';
import type { Claim, Verdict } from '../../domain/claims/claim.ts';
import type { Hex } from '../../domain/types.ts';
import { formatMoney } from '../../domain/units.ts';
import { callOf, claimIdOf } from './calls.ts';
import { provide } from './deposit.ts';
import { Refused, type Wallet } from './wallet.ts';

const ANNOUNCED = parseAbiItem('event Announced(bytes32 indexed commitment)');
const STATUS = ['none', 'open', 'upheld', 'refuted'] as const;
/** Blocks per request for logs: what public nodes allow at least. */
const LOG_RANGE = 2_000n;

export interface Outcome {
  claim: Claim;
  /** `refused`: the chain did not take it; `foreign`: another challenger's, who is paid when it is upheld. */
  state: 'upheld' | 'refuted' | 'refused' | 'foreign';
  /** Base units to the harmed party, and to the challenger beside its deposit; 0 where another transaction told. */
  restitution: bigint;
  reward: bigint;
  note: string;
}

export interface Pursuit {
  wallet: Wallet;
  deployment: Deployment;
  /** First block that can hold anything about the claims. */
  since: bigint;
  say: (line: string) => void;
}

/** Takes all claims to their ends: all are told before the first is waited for, so that their answer times run at once. */
export async function pursue(pursuit: Pursuit, claims: readonly Claim[]): Promise<Outcome[]> {
  const told = await pursuit.wallet.inTurn(() => start(pursuit, claims));
  const outcomes: Outcome[] = [];
  for (const [index, claim] of claims.entries()) {
    const outcome = told[index] ?? (await conclude(pursuit, claim));
    outcomes.push(outcome);
    pursuit.say(wordsOf(outcome));
  }
  return outcomes;
}

/** Stakes, announces and tells; null for each claim that waits. */
async function start(pursuit: Pursuit, claims: readonly Claim[]): Promise<(Outcome | null)[]> {
  const { wallet, deployment, say } = pursuit;
  let staked = 0n;
  for (const claim of claims)
    if (claim.waits && (await standOf(pursuit, claim)).state === 'none')
      staked += deployment.parameters.claimDeposit;
  if (staked > 0n) await provide(wallet, deployment, staked, say);
  for (const claim of claims) await announce(pursuit, claim);
  const told: (Outcome | null)[] = [];
  for (const claim of claims) told.push(await tell(pursuit, claim));
  return told;
}

interface Stand {
  state: (typeof STATUS)[number];
  challenger: Hex;
  answerUntil: bigint;
}

async function standOf({ wallet, deployment }: Pursuit, { verdict }: Claim): Promise<Stand> {
  if (verdict === null) return { state: 'none', challenger: '0x', answerUntil: 0n };
  const claim = await wallet.client.readContract({
    address: deployment.bond,
    abi: bondAbi,
    functionName: 'claimOf',
    args: [claimIdOf(verdict)],
  });
  const challenger = claim.challenger.toLowerCase() as Hex;
  return { state: STATUS[claim.status] ?? 'none', challenger, answerUntil: BigInt(claim.answerUntil) };
}

async function announce(pursuit: Pursuit, claim: Claim): Promise<void> {
  const { wallet, deployment, say } = pursuit;
  const { to, announce: secret } = await callOf(deployment, claim, signerOf(wallet));
  if (secret === null || (await standOf(pursuit, claim)).state !== 'none') return;
  if (await isAnnounced(pursuit, to, secret.commitment)) return;
  say(`announces ${claim.name}`);
  await wallet.send(to, secret.data);
}

async function isAnnounced(
  { wallet: { client }, since }: Pursuit,
  judge: Hex,
  commitment: Hex,
): Promise<boolean> {
  const head = await client.getBlockNumber();
  for (let fromBlock = since; fromBlock <= head; fromBlock += LOG_RANGE) {
    const toBlock = fromBlock + LOG_RANGE - 1n < head ? fromBlock + LOG_RANGE - 1n : head;
    const range = { address: judge, event: ANNOUNCED, args: { commitment }, fromBlock, toBlock };
    if ((await client.getLogs(range)).length > 0) return true;
  }
  return false;
}

/** Makes the claim; its outcome when that is known at once, null when it waits for the answer. */
async function tell(pursuit: Pursuit, claim: Claim): Promise<Outcome | null> {
  const { wallet, deployment, say } = pursuit;
  const stand = await standOf(pursuit, claim);
  if (stand.state === 'open') return null;
  if (stand.state !== 'none') return known(claim, stand.state, 'told before');
  const { to, data } = await callOf(deployment, claim, signerOf(wallet));
  say(`tells ${claim.name}: ${claim.sentence}`);
  try {
    const logs = await wallet.send(to, data);
    return claim.waits ? null : paidIn(claim, logs);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Somebody told it first.
    if (/^AlreadyClaimed/.test(error.reason)) return tell(pursuit, claim);
    return known(claim, /^AlreadyShown/.test(error.reason) ? 'upheld' : 'refused', error.reason);
  }
}

async function conclude(pursuit: Pursuit, claim: Claim): Promise<Outcome> {
  const { wallet, deployment, say } = pursuit;
  const stand = await standOf(pursuit, claim);
  if (stand.state === 'open') {
    say(`${claim.name} waits for the scheduler's answer until ${stand.answerUntil} (chain time)`);
    await wallet.past(stand.answerUntil);
  }
  const then = await standOf(pursuit, claim);
  if (then.state === 'refuted')
    return known(claim, 'refuted', 'the scheduler answered; the deposit is its own');
  if (then.state !== 'open') return known(claim, 'upheld', 'concluded by somebody else');
  const verdict: Verdict & { challenger: Hex } = { ...claim.verdict!, challenger: then.challenger };
  const data = encodeFunctionData({ abi: bondAbi, functionName: 'conclude', args: [verdict] });
  try {
    const outcome = paidIn(claim, await wallet.send(deployment.bond, data));
    return then.challenger === wallet.address
      ? outcome
      : { ...outcome, state: 'foreign', note: 'another challenger told it first' };
  } catch (error) {
    if (!(error instanceof Refused) || !/^ClaimNotOpen/.test(error.reason)) throw error;
    return conclude(pursuit, claim);
  }
}

function paidIn(claim: Claim, logs: readonly Log[]): Outcome {
  const [upheld] = parseEventLogs({ abi: bondAbi, eventName: 'ClaimUpheld', logs: [...logs] });
  if (!upheld) return known(claim, 'upheld', '');
  const { restitution, reward } = upheld.args;
  return { claim, state: 'upheld', restitution, reward, note: '' };
}

function known(claim: Claim, state: 'upheld' | 'refuted' | 'refused' | 'foreign', note: string): Outcome {
  return { claim, state, restitution: 0n, reward: 0n, note };
}

function wordsOf({ claim, state, restitution, reward, note }: Outcome): string {
  const paid = `${formatMoney(restitution)} to the harmed party, ${formatMoney(reward)} to the challenger`;
  return `${claim.name} ${state}${state === 'upheld' ? `: ${paid}` : ''}${note === '' ? '' : ` (${note})`}`;
}

function signerOf({ address, account }: Wallet) {
  return { address, sign: account.sign };
}
