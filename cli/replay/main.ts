/** `npm run replay`: the flags, the run, the report on the last line. */
import { parseArgs } from 'node:util';
import { Refusal } from '../../domain/refusal.ts';
import { createProgress } from './progress.ts';
import { replay } from './replay.ts';

const USAGE =
  'Usage: npm run replay -- --nodes FILE --pods FILE [--orders 2000] [--slot-seconds 600] [--prices FILE]';

/** The exit code: 0 when all that matched settled and every slot verified. */
export async function replayCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      nodes: { type: 'string' },
      pods: { type: 'string' },
      orders: { type: 'string', default: '2000' },
      'slot-seconds': { type: 'string', default: '600' },
      prices: { type: 'string' },
    },
  });
  const { nodes, pods, prices } = values;
  if (nodes === undefined || pods === undefined)
    throw new Refusal('ENVIRONMENT', 'The trace is missing.', USAGE);
  const orders = count(values.orders, 'orders');
  const slotSeconds = count(values['slot-seconds'], 'slot-seconds');
  const report = await replay({ nodes, pods, orders, slotSeconds, prices }, createProgress());
  console.log(JSON.stringify(report));
  return report.ok ? 0 : 1;
}

function count(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Refusal('ENVIRONMENT', `--${name} is '${text}'.`, USAGE);
  return value;
}
