/** Plants each fraud in a slot of its own, finds it from outside, and takes the claim to its money on the real contracts. */
import { createEvidence } from '../../app/evidence/evidence.ts';
import { contextOf } from '../../cli/challenge/gather.ts';
import { pursue, type Outcome } from '../../cli/challenge/pursue.ts';
import { openWallet } from '../../cli/challenge/wallet.ts';
import { vaultAbi } from '../../contracts/generated/abi.ts';
import type { Claim } from '../../domain/claims/claim.ts';
import { findClaims } from '../../domain/claims/find.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import type { Hex } from '../../domain/types.ts';
import { formatMoney } from '../../domain/units.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';
import { openMarket, partyOf, RESERVES, type Draft, type Market } from './market.ts';
import { mutate, pickFrom, type Pick } from './mutations.ts';
import type { Items } from './hands.ts';
import { FRAUDS, type Fraud } from './planted.ts';

export interface FraudSummary {
  /** Planted. */
  frauds: number;
  /** Named by the verifier or by a receipt's claim, or refused by the contracts. */
  found: number;
  /** Those that ADR 0009 has a claim or a demand for. */
  claimable: number;
  /** Those whose claims were all upheld on-chain, with the harmed party and the challenger paid. */
  upheld: number;
  honestSlots: number;
  /** Random changes of a match that the contracts took, and those of them whose claims were all upheld. */
  random: number;
  randomUpheld: number;
  /** Rules that failed and claims or demands that were found in honest slots. */
  falseAlarms: number;
  ok: boolean;
}

/** An honest slot before every second fraud. */
const HONEST_EVERY = 2;
/** Random changes beside them. */
const RANDOM = 30;

export async function runFrauds(print: (line: string) => void): Promise<FraudSummary> {
  const market = await openMarket({ answerSeconds: 60, settleLagSeconds: 5 });
  try {
    const bench = createBench(market);
    const summary: FraudSummary = {
      ...{ frauds: 0, found: 0, claimable: 0, upheld: 0, random: 0, randomUpheld: 0 },
      ...{ honestSlots: 0, falseAlarms: 0, ok: true },
    };
    const pick = pickFrom(2026);
    for (let i = 0; i < RANDOM; i++) {
      const result = await bench.random(pick);
      if (result === null) continue;
      summary.random += 1;
      summary.randomUpheld += Number(result.upheld);
      print(result.line);
    }
    for (const [index, fraud] of FRAUDS.entries()) {
      if (index % HONEST_EVERY === 0) {
        summary.honestSlots += 1;
        summary.falseAlarms += await bench.honest();
      }
      const { found, upheld, line } = await bench.fraud(fraud);
      summary.frauds += 1;
      summary.found += Number(found);
      summary.claimable += Number(fraud.claims.length > 0);
      summary.upheld += Number(upheld);
      print(line);
    }
    const { frauds, found, claimable, upheld, random, randomUpheld, falseAlarms } = summary;
    summary.ok =
      found === frauds && upheld === claimable && randomUpheld === random && random > 0 && falseAlarms === 0;
    return summary;
  } finally {
    await market.chain.stop();
  }
}

function createBench(market: Market) {
  const { chain, deployment } = market;
  const { rpcUrl } = chain;
  const source = createEvidence({ rpcUrl, deployment });
  const real = openWallet(rpcUrl, partyOf('challenger'), 5);
  const past = async (time: bigint): Promise<void> => {
    if ((await market.now()) <= time) await chain.mine(time + 1n);
  };
  const wallet = { ...real, past };

  const usual = async (): Promise<Items> => ({
    orders: [await market.orderOf()],
    asks: await Promise.all(RESERVES.map((_, index) => market.askOf(index))),
  });

  const look = async (draft: Draft, receipts: readonly ShownReceipt[]) => {
    const { slot, inputs, publishesLeaves, orders, asks } = draft;
    const leaves = publishesLeaves ? { leaves: { orders, asks } } : {};
    const held = receipts.map(({ receipt, signature }) => ({ ...receipt, signature }));
    const evidence = { ...(await source.collect(slot, inputs, held)), ...leaves };
    const context = await contextOf({ rpcUrl, deployment, receipts }, evidence);
    const broken = verifySlot(evidence).filter(({ ok }) => !ok);
    return { evidence, broken, ...findClaims(evidence, context) };
  };

  /** Available in the vault, base units. */
  const balanceOf = async (account: Hex): Promise<bigint> => {
    const read = {
      address: deployment.vault,
      abi: vaultAbi,
      functionName: 'balanceOf',
      args: [account],
    } as const;
    const [available] = await real.client.readContract(read);
    return available;
  };

  /** Whether all claims were upheld and everybody was paid what the verdicts say. */
  const pursueAll = async (claims: readonly Claim[], since: bigint) => {
    const harmed = [...new Set(claims.flatMap(({ verdict }) => verdict?.harmed ?? []))].filter(
      (of) => BigInt(of) !== 0n,
    );
    const before = await Promise.all([...harmed, wallet.address].map(balanceOf));
    const spent = before.at(-1)!;
    const deposits: string[] = [];
    const say = (line: string) => void (line.startsWith('deposits') && deposits.push(line));
    const outcomes = await pursue({ wallet, deployment, since, say }, claims);
    const after = await Promise.all([...harmed, wallet.address].map(balanceOf));
    const paid = harmed.every((of, index) => {
      const due = claims.reduce(
        (sum, { verdict }) => sum + (verdict?.harmed === of ? verdict.restitution : 0n),
        0n,
      );
      return after[index]! - before[index]! === due;
    });
    const rewards = outcomes.reduce((sum, { reward }) => sum + reward, 0n);
    // What was deposited for the stakes is available again.
    const rewarded = rewards >= deployment.parameters.claimPenalty / 4n && after.at(-1)! >= spent + rewards;
    return { outcomes, ok: outcomes.every(({ state }) => state === 'upheld') && paid && rewarded };
  };

  const play = async (orders: Items['orders'], asks: Items['asks']): Promise<Draft> => {
    const draft = await market.draftOf(orders, asks);
    await market.commit(draft);
    return draft;
  };

  return {
    /** How many false alarms an honest slot gives. */
    async honest(): Promise<number> {
      const { orders, asks } = await usual();
      const more = [
        await market.orderOf({ cards: 7 }),
        await market.orderOf({ cards: 8, startPrice: 950_000n }),
      ];
      const items = [...orders, ...more];
      const draft = await play(items, asks);
      const { broken, claims, demands } = await look(draft, draft.receipts);
      await chain.mine((await market.now()) + 120n);
      return broken.length + claims.length + demands.length;
    },

    /** One random change in a slot of several orders; null when it changed nothing or the contract skipped the match. */
    async random(pick: Pick): Promise<{ upheld: boolean; line: string } | null> {
      const { asks } = await usual();
      const orders = await Promise.all(
        Array.from({ length: 5 }, () => market.orderOf({ cards: 1 + pick(5), taskNetwork: pick(6) * 1_000 })),
      );
      const draft = await market.draftOf(orders, asks);
      const changed = mutate(draft, { orders, asks }, pick);
      if (changed === null) return null;
      await market.commit(draft);
      const { evidence, broken, claims } = await look(draft, []);
      const accused = claims.filter(({ verdict }) => verdict?.order === changed.orderId);
      const skipped = evidence.pages.flatMap(({ matches }) => matches ?? []).some(({ skip }) => skip !== 0);
      const since = evidence.committed?.block.number ?? 0n;
      const pursued = claims.length === 0 ? { outcomes: [], ok: true } : await pursueAll(claims, since);
      await chain.mine((await market.now()) + 120n);
      if (skipped && claims.length === 0) return null;
      const upheld = pursued.ok && (skipped || accused.length > 0) && broken.length > 0;
      const line = `slot ${draft.slot}  random: ${changed.name.padEnd(36)} | ${broken[0]?.rule ?? ''} | ${words(pursued.outcomes)}`;
      return { upheld, line };
    },

    async fraud(fraud: Fraud): Promise<{ found: boolean; upheld: boolean; line: string }> {
      const { claims: expected, rules } = fraud;
      await fraud.before?.(market, async (orders, asks) => void (await play([...orders], [...asks])));
      const items = await usual();
      await fraud.prepare?.(market, items);
      const draft = await market.draftOf(items.orders, items.asks);
      await fraud.plant(draft, market, items);
      const refusal = await market.commit(draft).then(
        () => null,
        (error: unknown) => String(error),
      );
      if (fraud.refused !== undefined || refusal !== null) {
        const found = fraud.refused !== undefined && refusal?.endsWith(fraud.refused) === true;
        return { found, upheld: false, line: lineOf(fraud, draft, [], refusal ?? 'not refused', found) };
      }
      if (fraud.late === true) await chain.mine((await market.now()) + 120n);
      const receipts = (await fraud.receipts?.(draft, market, items)) ?? [];
      const { evidence, broken, claims, demands } = await look(draft, receipts);
      const all = [...claims, ...(expected.includes('demand') ? demands : [])];
      const names = all.map((claim) => claim.name);
      const found =
        rules.every((rule) => broken.some((result) => result.rule === rule)) &&
        (rules.length > 0 || claims.length > 0);
      const right =
        expected.every((claim) => names.includes(claim)) && (expected.length > 0 || names.length === 0);
      const since = evidence.committed?.block.number ?? 0n;
      const pursued = all.length === 0 ? { outcomes: [], ok: false } : await pursueAll(all, since);
      await chain.mine((await market.now()) + 120n);
      const line = lineOf(fraud, draft, broken, words(pursued.outcomes), found && right);
      return { found: found && right, upheld: right && expected.length > 0 && pursued.ok, line };
    },
  };
}

function words(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(({ claim, state, restitution, reward, note }) => {
      const paid =
        state === 'upheld' ? ` (${formatMoney(restitution)} + ${formatMoney(reward)})` : ` ${note}`;
      return `${claim.name} ${state}${paid}`;
    })
    .join(', ');
}

function lineOf(
  { name, claims, why }: Fraud,
  { slot }: Draft,
  broken: readonly RuleResult[],
  outcome: string,
  found: boolean,
): string {
  const rule = broken[0] ? `${broken[0].rule}: ${broken[0].firstDifference?.slice(0, 90)}` : '';
  const end =
    claims.length > 0 ? outcome : `claim: none, ${why}${outcome === '' ? '' : ` [${outcome.slice(0, 60)}]`}`;
  return `${found ? 'found ' : 'MISSED'} slot ${slot}  ${name.padEnd(44)} | ${rule} | ${end}`;
}
