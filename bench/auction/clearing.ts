/** The auctions of a slot cleared alone: candidates at hand, prices and winners asked for. */
import { keccakWords } from '../../domain/hash.ts';
import { clearRea, clock, WAD, type Candidate, type Clearing } from '../../domain/rea.ts';
import { lottery } from '../../domain/shortlist.ts';
import type { SlotAsk, SlotMatch } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';

/** The published clock, and one that is nearly as long as any: 227 steps to a thousandth. */
const GAMMAS = { '0.8': 800_000_000_000_000_000n, '0.97': 970_000_000_000_000_000n };
const ROUNDS = 12;
/** Rounds of the walk: it is as slow as it reads. */
const WALKS = 1;

interface Auction {
  start: bigint;
  candidates: Candidate[];
}

export interface ClearingFigures {
  auctions: number;
  shortlist: number;
  /** Orders a second, by γ. */
  search: Record<string, number>;
  walk: Record<string, number>;
}

/** @throws Error when the walk finds another winner or price */
export function clearing(
  matches: readonly SlotMatch[],
  asks: readonly SlotAsk[],
  seed: Hex,
): ClearingFigures {
  const asked = new Map(asks.map(({ id, signed: { ask } }) => [id, ask]));
  const auctions = matches.map((match) => ({
    start: match.order.order.startPrice,
    candidates: match.shortlist.map((id, i): Candidate => {
      const { supply, reservePrice } = asked.get(id)!;
      const [ticket, place] = [supply, match.orderId].map((word) => BigInt(keccakWords(word, seed)));
      const facts = { distance: match.distances[i]!, entropyGap: match.entropyGaps[i]! };
      return { key: id, reserve: reservePrice, ...facts, lottery: lottery(ticket!, place!) };
    }),
  }));
  const [search, walk]: [Record<string, number>, Record<string, number>] = [{}, {}];
  for (const [name, gammaWad] of Object.entries(GAMMAS)) {
    const factors = clock(gammaWad);
    const by = ({ start, candidates }: Auction): Clearing | null => clearRea(start, factors, candidates);
    const slowly = ({ start, candidates }: Auction): Clearing | null =>
      walkClock(start, gammaWad, candidates);
    for (const [index, auction] of auctions.entries())
      if (textOf(by(auction)) !== textOf(slowly(auction)))
        throw new Error(
          `auction ${index} at γ ${name}: ${textOf(by(auction))}, walked ${textOf(slowly(auction))}`,
        );
    search[name] = perSecond(auctions, by, ROUNDS);
    walk[name] = perSecond(auctions, slowly, WALKS);
  }
  const candidates = auctions.reduce((sum, auction) => sum + auction.candidates.length, 0);
  return { auctions: auctions.length, shortlist: candidates / auctions.length, search, walk };
}

/** Of the median round. */
function perSecond(
  auctions: readonly Auction[],
  clear: (auction: Auction) => unknown,
  rounds: number,
): number {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    for (const auction of auctions) clear(auction);
    return performance.now() - started;
  });
  times.sort((a, b) => a - b);
  return Math.round(auctions.length / (times[rounds >> 1]! / 1000));
}

function textOf(clearing: Clearing | null): string {
  return clearing === null
    ? 'nobody'
    : [clearing.winner, clearing.runnerUp, clearing.step, clearing.price].join(' ');
}

/** The auction as it is told: the price falls step by step, who no longer accepts it leaves, the last to stay wins. */
function walkClock(start: bigint, gammaWad: bigint, candidates: readonly Candidate[]): Clearing | null {
  const inTie = candidates
    .map((candidate, index) => ({ candidate, index }))
    .sort((a, b) => inOrder(tieOf(a.candidate), tieOf(b.candidate)));
  let inside = inTie.filter(({ candidate }) => candidate.reserve <= start);
  const [first] = inside;
  if (!first) return null;
  if (inside.length === 1) return { winner: first.index, runnerUp: null, step: 0, price: start };
  let [factor, price, step] = [WAD, start, 0];
  for (; step < 255; step++) {
    const nextFactor = (factor * gammaWad) / WAD;
    const nextPrice = (start * nextFactor) / WAD;
    const staying = inside.filter(({ candidate }) => candidate.reserve <= nextPrice);
    if (staying.length === 0) break;
    if (staying.length === 1) {
      const winner = staying[0]!;
      const runnerUp = inside.find((other) => other !== winner)!;
      const before = inTie.indexOf(winner) < inTie.indexOf(runnerUp);
      const at = before ? { step, price } : { step: step + 1, price: nextPrice };
      return { winner: winner.index, runnerUp: runnerUp.index, ...at };
    }
    [inside, factor, price] = [staying, nextFactor, nextPrice];
  }
  return { winner: inside[0]!.index, runnerUp: inside[1]!.index, step, price };
}

type Tie = readonly [number, number, Candidate['lottery'], string];

function tieOf({ entropyGap, distance, lottery, key }: Candidate): Tie {
  return [entropyGap, distance, lottery, key];
}

function inOrder(a: Tie, b: Tie): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}
