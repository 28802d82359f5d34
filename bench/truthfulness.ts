/** Whether stating one's true reserve is the best one can do: best responses searched exactly, not sampled. */
import { clock, lastStep } from '../domain/rea.ts';
import { random, type Bench } from './bench.ts';
import { clusterGain, multiAskGain, slotGain, startPriceGain } from './truthfulness/beyond.ts';
import { bestGain } from './truthfulness/best-response.ts';
import { algorithm2, algorithm2Mended, rea } from './truthfulness/rules.ts';
import { between, candidates, startPrice } from './truthfulness/world.ts';

const AUCTIONS = 10_000;
const MOST_CANDIDATES = 16;
/** From the shortest clock that is allowed to the longest. */
const GAMMAS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.973];
const PUBLISHED = 0.8;
const WIDE_GAMES = 400;

interface Tally {
  gainMax: bigint;
  gainful: number;
  controlGainMax: bigint;
  controlGainful: number;
  cheapestWon: number;
  failed: number;
  failed2: number;
  served: number;
  overSecond: number[];
}

export const bench: Bench = (seed) => {
  const next = random(seed);
  const tally: Tally = {
    gainMax: 0n,
    gainful: 0,
    controlGainMax: 0n,
    controlGainful: 0,
    cheapestWon: 0,
    failed: 0,
    failed2: 0,
    served: 0,
    overSecond: [],
  };
  const clocks = new Map(
    GAMMAS.map((gamma) => [gamma, clock(BigInt(Math.round(gamma * 1000)) * 10n ** 15n)]),
  );
  for (let auction = 0; auction < AUCTIONS; auction++) {
    const gamma = GAMMAS[auction % GAMMAS.length]!;
    play(tally, next, clocks.get(gamma)!);
    if (auction % 1_000 === 999) process.stderr.write(`\rauctions ${auction + 1} of ${AUCTIONS}`);
  }
  process.stderr.write('\n');
  const published = clocks.get(PUBLISHED)!;
  const figures = {
    auctions: AUCTIONS,
    gammas: GAMMAS,
    bestResponseGainMax: Number(tally.gainMax),
    bestResponseGainful: tally.gainful,
    // The search is worth as much as the flaws that it finds.
    controlGainMax: Number(tally.controlGainMax),
    controlGainfulShare: tally.controlGainful / AUCTIONS,
    slotGain: slotGain(next, published, WIDE_GAMES),
    multiAskGain: multiAskGain(next, published, WIDE_GAMES / 4),
    clusterGain: clusterGain(next, published, WIDE_GAMES * 4),
    startPriceGain: startPriceGain(next, published, WIDE_GAMES * 4),
    efficiency: tally.cheapestWon / tally.served,
    failedShare: tally.failed / AUCTIONS,
    failedShareAlgorithm2: tally.failed2 / AUCTIONS,
    priceOverSecondLowest: mean(tally.overSecond),
  };
  return Promise.resolve({
    measured:
      `${AUCTIONS} random auctions of 1 to ${MOST_CANDIDATES} asks, half of them with reserves within a tenth of the start price; for one bidder each every ` +
      'report that matters (all clock steps, and staying away). Gains in base units per card-hour (10^-6); control: Algorithm 2 mended naively. The other gains are shares of ' +
      `the start prices at γ ${PUBLISHED}, rivals known: {share of games, mean, max}. failedShare: nobody won although an ask accepted the start price.`,
    figures,
  });
};

function play(tally: Tally, next: () => number, factors: readonly bigint[]): void {
  const start = startPrice(next);
  const bids = candidates(next, start, between(next, 1, MOST_CANDIDATES));
  const bidder = between(next, 0, bids.length - 1);
  const gain = bestGain(rea, start, factors, bids, bidder);
  if (gain > tally.gainMax) tally.gainMax = gain;
  if (gain > 0n) tally.gainful++;
  const control = bestGain(algorithm2Mended, start, factors, bids, bidder);
  if (control > tally.controlGainMax) tally.controlGainMax = control;
  if (control > 0n) tally.controlGainful++;

  const willing = bids.filter((bid) => lastStep(start, factors, bid.reserve) >= 0).map((bid) => bid.reserve);
  if (willing.length === 0) return;
  willing.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const cleared = rea(start, factors, bids);
  if (!cleared) tally.failed++;
  if (!algorithm2(start, factors, bids)) tally.failed2++;
  if (!cleared) return;
  tally.served++;
  if (bids[cleared.winner]!.reserve === willing[0]) tally.cheapestWon++;
  if (willing.length < 2) return;
  tally.overSecond.push(Number(cleared.price) / Number(willing[1]));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
