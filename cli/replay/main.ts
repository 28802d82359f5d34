/** `npm run replay`: the flags, the run, the report on the last line. */
import { BOUNDS } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import { createProgress } from '../progress.ts';
import { replay } from './replay.ts';

export interface ReplayFlags {
  nodes: string;
  pods: string;
  orders: string;
  slotSeconds: string;
  prices?: string;
}

/** The exit code: 0 when all that matched settled and every slot verified. */
export async function replayCommand(flags: ReplayFlags): Promise<number> {
  const { nodes, pods, prices } = flags;
  const orders = whole(flags.orders, 'orders', 1, Number.MAX_SAFE_INTEGER);
  const slotSeconds = whole(flags.slotSeconds, 'slot-seconds', ...BOUNDS.slotSeconds);
  const report = await replay({ nodes, pods, orders, slotSeconds, prices }, createProgress());
  console.log(JSON.stringify(report));
  return report.ok ? 0 : 1;
}

function whole(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new Refusal(
      'ENVIRONMENT',
      `--${name} is '${text}'.`,
      `Give a whole number from ${least} to ${most}.`,
    );
  return value;
}
