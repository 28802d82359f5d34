/** Reference prices of card models, base units (10^-6 dollars) per card-hour. The rules and sources are in README.md. */
import { readFileSync } from 'node:fs';
import { keccakText } from '../../domain/hash.ts';
import { fp16Of } from '../../domain/metrology/cards.ts';
import { median } from '../../domain/pricing.ts';
import { Refusal } from '../../domain/refusal.ts';
import { parseMoney } from '../../domain/units.ts';

/** Which row of the price feed a trace model is: model and memory in GB. */
const FEED_ROW: Record<string, [model: string, memoryGb: number]> = {
  V100M16: ['V100', 16],
  V100M32: ['V100', 32],
  A10: ['A10', 24],
};

/** Medians of the on-demand rows of the feed of 2026-08-23. */
const MEDIANS: Record<string, bigint> = { V100M16: 190_000n, A10: 746_000n };

/** The card that models without a rate are taken for. */
const ASSUMED = 'A10';

export type PriceOrigin = 'feed' | 'ratio' | 'assumption';

export interface PriceList {
  /** Reference of a model; models that nobody heard of are taken for an A10. */
  referenceOf(model: string): { price: bigint; origin: PriceOrigin };
}

export function openPrices(file?: string): PriceList {
  const medians = file === undefined ? MEDIANS : readMedians(file);
  if (Object.keys(medians).length === 0)
    throw new Refusal(
      'TRACE_ROW',
      `${file} prices none of ${Object.keys(FEED_ROW).join(', ')}.`,
      'Give a feed with their on-demand prices.',
    );
  return {
    referenceOf(model) {
      const listed = medians[model];
      if (listed !== undefined) return { price: listed, origin: 'feed' };
      const known = fp16Of(model) !== null;
      const rate = rateOf(known ? model : ASSUMED);
      const nearest = Object.keys(medians).reduce((best, name) =>
        gap(name, rate) < gap(best, rate) ? name : best,
      );
      const price = (medians[nearest]! * rate) / rateOf(nearest);
      return { price, origin: known ? 'ratio' : 'assumption' };
    },
  };
}

/** `price` times a share between `low` and `high` per cent that the hash of `name` decides; at least 1. */
export function spread(price: bigint, low: number, high: number, name: string): bigint {
  const steps = BigInt(high - low) * 100n + 1n;
  const share = BigInt(low) * 100n + (BigInt(keccakText(name)) % steps);
  const amount = (price * share) / 10_000n;
  return amount > 0n ? amount : 1n;
}

/** Dense FP16, GFLOPS; the lower one where sources differ. */
function rateOf(model: string): bigint {
  const rate = fp16Of(model);
  if (rate === null) throw new Error(`the table of cards has no rate for ${model}`);
  return BigInt(rate.low);
}

function gap(model: string, rate: bigint): bigint {
  const difference = rateOf(model) - rate;
  return difference < 0n ? -difference : difference;
}

function readMedians(file: string): Record<string, bigint> {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const names = header.split(',');
  const cell = (cells: string[], name: string): string => cells[names.indexOf(name)] ?? '';
  const prices: Record<string, bigint[]> = {};
  for (const line of lines) {
    const cells = line.split(',');
    if (cell(cells, 'pricing_type') !== 'on-demand') continue;
    for (const [model, [feedModel, memory]] of Object.entries(FEED_ROW)) {
      if (cell(cells, 'gpu_model') !== feedModel || Number(cell(cells, 'gpu_memory_gb')) !== memory) continue;
      (prices[model] ??= []).push(parseMoney(cell(cells, 'price_usd_gpu_hour')));
    }
  }
  return Object.fromEntries(Object.entries(prices).map(([model, list]) => [model, median(list)]));
}
