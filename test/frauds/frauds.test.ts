import { expect, test } from 'vitest';
import { runFrauds } from './run.ts';

test('frauds_areFound_andClaimedOnChain_whileHonestSlotsStand', async () => {
  const lines: string[] = [];
  const summary = await runFrauds((line) => lines.push(line));
  expect(summary, lines.join('\n')).toMatchObject({ falseAlarms: 0, ok: true });
  expect(summary.frauds).toBeGreaterThanOrEqual(30);
  expect(summary.claimable).toBeGreaterThanOrEqual(20);
}, 180_000);
