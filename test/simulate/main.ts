/**
 * `npm run test:simulate`: SIMULATE_RUNS (1,000) seeded runs of the indexer over a chain that reorganises, nodes that fail and lie, a
 * database that breaks off, and kills. A process a core shares them. What is wrong goes to stderr; the last line is a JSON object; exit code
 * 1 unless all are equal. Asked to end (SIGTERM, Ctrl-C), it begins no further run and reports those that were done.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createProgress } from '../../cli/progress.ts';
import { addTo, nothingYet, simulateAll, type Simulation } from './simulate.ts';

type Message = { sentence: string } | { run: Simulation };

/** Runs that have begun may take so long to end once no more are wanted. */
const GRACE_MS = 8_000;

const runs = Number(process.env['SIMULATE_RUNS'] ?? 1_000);
const seed = Number(process.env['SIMULATE_SEED'] ?? 1);
const [rest, of] = (process.env['SIMULATE_PART'] ?? '').split('/').map(Number);

if (of === undefined) await share();
else await work({ rest: rest!, of });

/** Two at once: while one waits for its database the other goes on. */
async function work(part: { rest: number; of: number }): Promise<void> {
  const enough = new AbortController();
  process.once('message', () => enough.abort()).once('disconnect', () => process.exit(1));
  // The terminal tells all processes of its Ctrl-C; this one hears of it from the first.
  process.on('SIGINT', () => undefined);
  const tell = (message: Message): void => void process.send!(message);
  await simulateAll({
    runs,
    seed,
    part,
    parallel: 2,
    signal: enough.signal,
    onRun: (run) => tell({ run }),
    say: (sentence) => tell({ sentence }),
  });
  process.removeAllListeners('disconnect').disconnect();
}

async function share(): Promise<void> {
  const began = performance.now();
  const progress = createProgress();
  progress.say(`seeds ${seed} to ${seed + runs - 1}`);
  progress.start('runs', runs);
  const total = nothingYet();
  const processes = Math.min(availableParallelism(), runs);
  const children: ChildProcess[] = [];
  const ended = new Promise<void>((resolve) => {
    const enough = (): void => {
      for (const child of children) if (child.connected) child.send('enough');
      setTimeout(resolve, GRACE_MS).unref();
    };
    process.once('SIGTERM', enough).once('SIGINT', enough);
  });
  const ends = Array.from({ length: processes }, async (_, index) => {
    const env = { ...process.env, SIMULATE_PART: `${index}/${processes}` };
    const child = fork(fileURLToPath(import.meta.url), { env });
    children.push(child);
    child.on('message', (message: Message) => {
      if ('sentence' in message) progress.say(message.sentence);
      else {
        addTo(total, message.run);
        progress.at(total.runs);
      }
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) progress.say(`a process of runs ended with ${code}`);
  });
  await Promise.race([Promise.all(ends), ended]);
  progress.end();
  const wallSeconds = Math.round((performance.now() - began) / 100) / 10;
  console.log(JSON.stringify({ ...total, seed, wallSeconds }));
  process.exit(total.equal === runs ? 0 : 1);
}
