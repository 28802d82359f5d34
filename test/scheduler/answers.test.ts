import { encodeFunctionData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { pursue, type Outcome } from '../../cli/challenge/pursue.ts';
import { openWallet } from '../../cli/challenge/wallet.ts';
import { claimsAbi, testStablecoinAbi, vaultAbi } from '../../contracts/generated/abi.ts';
import { usesThatRefute } from '../../domain/claims/answers.ts';
import { WRONG, type Claim, type Verdict } from '../../domain/claims/claim.ts';
import { commitmentOf, knownLeaves, type Commitment } from '../../domain/claims/commitment.ts';
import { demand } from '../../domain/claims/demands.ts';
import { findClaims } from '../../domain/claims/find.ts';
import { askProof, matchCase, matchProof, orderProof } from '../../domain/claims/proofs.ts';
import { createSight } from '../../domain/claims/sight.ts';
import { replayOf } from '../../domain/rules/inputs.ts';
import type { Hex } from '../../domain/types.ts';
import { owed } from '../../domain/units.ts';
import { createAnswers, type AnswerReport, type Answers } from '../../scheduler/answers.ts';
import { addressOf, keyOf } from './market.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;
const RICH = 1_000_000_000n;

let at: Awaited<ReturnType<typeof setup>>;
let answers: Answers;
beforeEach(async () => {
  at = await setup();
  const { chain, database, market } = at;
  const { deployment, schedulerKey } = market;
  answers = createAnswers({
    databaseUrl: database.url,
    rpcUrl: chain.rpcUrl,
    deployment,
    schedulerKey,
    pollMs: 10,
  });
});
afterEach(async () => {
  await answers.close();
  await at.teardown();
});

describe('an honest slot survives', () => {
  it('unserved_thoughTheAskWasUsedUp_isRefuted_andItsDepositIsTheSchedulers', async () => {
    const slot = await contested();
    const { deployment } = at.market;
    const before = await availableOf(addressOf('scheduler'));
    const { outcome, reports } = await accuse(unservedClaim(slot));
    expect(outcome).toMatchObject({ state: 'refuted' });
    expect(reports[0]!.answered).toHaveLength(1);
    expect(await availableOf(addressOf('scheduler'))).toBe(before + deployment.parameters.claimDeposit);
  });

  it('leftOut_thoughANearerAskOfTheProviderIsListed_isRefuted', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.ask(slot, 1, 4, 1_000_000n, 2n);
    await at.order(slot, 2, PRICE, 1n);
    const committed = await cleared(slot);
    expect(committed.matches[0]!.leaf.shortlist).toHaveLength(1);
    const { outcome } = await accuse(leftOutClaim(committed));
    expect(outcome).toMatchObject({ state: 'refuted' });
  });

  it.each([
    ['orders', 1],
    ['asks', 2],
  ] as const)('demand_ofALeafOfThe%s_isAnsweredWithTheItem', async (_name, tree) => {
    const slot = await contested();
    const { outcome } = await accuse(demand(slot.header, tree, 0, ''));
    expect(outcome).toMatchObject({ state: 'refuted' });
    await at.indexer.syncTo();
    const event = tree === 1 ? 'OrderShown' : 'AskShown';
    const { rowCount } = await at.pool.query('SELECT 1 FROM chain_event WHERE name = $1', [event]);
    expect(rowCount).toBe(1);
  });

  // Whoever shows the last match first would shut the earlier ones out: the contract takes them from the scheduler alone.
  it('unserved_whileTheChallengerShowsTheLastMatchItself_isRefuted', async () => {
    const slot = await contested();
    const claim = unservedClaim(slot);
    const { outcome } = await accuse(claim, async (wallet) => {
      const uses = usesThatRefute(slot, claim.verdict!)!;
      const args = [
        { ...claim.verdict!, challenger: wallet.address },
        slot.header,
        matchProof(slot, uses.at(-1)!),
      ];
      const data = encodeFunctionData({ abi: claimsAbi, functionName: 'answerUsed', args: args as never });
      await expect(wallet.send(at.market.deployment.claims, data)).rejects.toThrow(/NotScheduler/);
    });
    expect(outcome).toMatchObject({ state: 'refuted' });
  });
});

describe('answering', () => {
  it('again_sendsNothingTwice', async () => {
    const slot = await contested();
    const { reports } = await accuse(unservedClaim(slot), undefined, 3);
    expect(reports.map(({ answered }) => answered.length)).toEqual([1, 0, 0]);
    const { rows } = await at.pool.query<{ effect: string }>(
      "SELECT effect FROM tx_intent WHERE effect LIKE 'answer:%'",
    );
    expect(rows).toHaveLength(2);
  });

  it('withoutTheSlotsInputs_saysThatTheClaimStands', async () => {
    const slot = await contested();
    await at.pool.query("UPDATE slot_run SET manifest = ''");
    const { outcome, reports } = await accuse(unservedClaim(slot));
    expect(reports[0]!.standing).toMatchObject([{ why: 'this database has no inputs of the slot' }]);
    expect(outcome).toMatchObject({ state: 'upheld' });
  });
});

/** Three orders want three cards each of an ask of eight: the last in clearing order is not served, rightly. */
async function contested(): Promise<Commitment> {
  const slot = await at.openSlot();
  await at.ask(slot, 0, 8, 1_000_000n, 1n);
  for (const nonce of [1n, 2n, 3n]) await at.order(slot, 3, PRICE, nonce);
  return cleared(slot);
}

/** Commits the slot honestly; no claim is found against it. */
async function cleared(slot: bigint): Promise<Commitment> {
  const { chain, market } = at;
  await at.closeSlot(slot);
  expect(await at.pipeline().runSlot(slot)).toMatchObject({ state: 'committed' });
  await at.indexer.syncTo();
  const { deployment } = market;
  const evidence = await createEvidence({ rpcUrl: chain.rpcUrl, deployment }).collect(
    slot,
    await at.inputs(slot),
  );
  const context = { scheduler: deployment.scheduler, now: await at.now(), paused: false };
  expect(findClaims(evidence, context)).toEqual({ claims: [], demands: [] });
  const { replay } = replayOf(evidence, new WeakMap());
  return commitmentOf(evidence, knownLeaves(evidence, replay))!;
}

/** That the order without a match could have had the slot's first ask. */
function unservedClaim(slot: Commitment): Claim {
  const index = slot.orders.findIndex(({ code, position }) => code === 0 && position === 0);
  const [order, ask] = [orderProof(slot, index)!, askProof(slot, 0)!];
  const wish = createSight(slot).wishOf(slot.orders[index]!.id)!;
  const verdict: Verdict = {
    ...{ wrong: WRONG.UNSERVED, slot: slot.header.slot, order: slot.orders[index]!.id },
    ...{ askId: slot.asks[0]!.id, node: ask.ask.supply, orderKey: wish.key },
    ...{ left: ask.left, idle: ask.idle, want: order.order.cards, harmed: order.order.consumer },
    restitution: owed(order.order.cards, order.order.duration, order.order.startPrice - ask.ask.reservePrice),
  };
  return {
    ...{ judge: 'claims', name: 'claimUnserved', args: [slot.header, order, ask], announced: true },
    ...{ waits: true, verdict, sentence: 'a wrong claim' },
  };
}

/** That the ask which is not on the first match's shortlist should be. */
function leftOutClaim(slot: Commitment): Claim {
  const [match] = slot.matches;
  const of = matchCase(slot, match!)!;
  const listed = match!.leaf.shortlist[0]!;
  const other = slot.asks.findIndex((_, index) => index !== listed);
  const [last, ask] = [askProof(slot, listed)!, askProof(slot, other)!];
  const { order } = of.order;
  const verdict: Verdict = {
    ...{ wrong: WRONG.LEFT_OUT, slot: slot.header.slot, order: match!.leaf.orderId },
    ...{ askId: slot.asks[other]!.id, node: ask.ask.supply, orderKey: match!.key },
    ...{ left: ask.left, idle: ask.idle, want: order.cards, harmed: ask.ask.provider },
    restitution: owed(order.cards, order.duration, match!.leaf.price - ask.ask.reservePrice),
  };
  return {
    ...{ judge: 'claims', name: 'claimLeftOut', args: [of, last, ask], announced: true, waits: true },
    ...{ verdict, sentence: 'a wrong claim' },
  };
}

/** Makes the claim as any challenger would; the scheduler answers while it waits. */
async function accuse(
  claim: Claim,
  first?: (wallet: ReturnType<typeof openWallet>) => Promise<void>,
  times = 1,
): Promise<{ outcome: Outcome; reports: AnswerReport[] }> {
  const { chain, market } = at;
  const { deployment } = market;
  const account = privateKeyToAccount(keyOf('dave'));
  const real = openWallet(chain.rpcUrl, account, 10);
  await chain.rpc('anvil_setBalance', [account.address, '0x56bc75e2d63100000']);
  const mint = encodeFunctionData({
    abi: testStablecoinAbi,
    functionName: 'mint',
    args: [account.address, RICH],
  });
  await real.send(deployment.token, mint);
  const reports: AnswerReport[] = [];
  const past = async (time: bigint): Promise<void> => {
    await first?.(real);
    for (let i = 0; i < times; i++) {
      await at.indexer.syncTo();
      reports.push(await answers.answerDue());
    }
    await chain.mine(time + 1n);
  };
  const pursuit = { wallet: { ...real, past }, deployment, since: 0n, say: () => undefined };
  const [outcome] = await pursue(pursuit, [claim]);
  return { outcome: outcome!, reports };
}

async function availableOf(account: Hex): Promise<bigint> {
  const { chain, market } = at;
  const { client } = openWallet(chain.rpcUrl, privateKeyToAccount(keyOf('dave')));
  const address = market.deployment.vault;
  const [available] = await client.readContract({
    address,
    abi: vaultAbi,
    functionName: 'balanceOf',
    args: [account],
  });
  return available;
}
