import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { Step } from '../../scheduler/steps.ts';

/** A scheduler process that is to be killed. */
export interface Victim {
  /** Resolves when it is at work, or gone. */
  ready: Promise<void>;
  /** Resolves when it is gone. */
  exited: Promise<void>;
  isGone(): boolean;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to stop. */
  stop(): Promise<void>;
  /** What it printed. */
  output(): string;
}

/** @param at the step at which it kills itself; null: it goes on until it is killed */
export function startVictim(env: Record<string, string>, at: Step | null): Victim {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', new URL('../../scheduler/main.ts', import.meta.url).pathname],
    {
      env: { ...process.env, ...env, ...(at === null ? {} : { CARDHOUR_CRASH_AT: at }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: string[] = [];
  let atWork = (): void => undefined;
  const ready = new Promise<void>((resolve) => (atWork = resolve));
  const log = process.env['CHAOS_LOG'];
  const started = Date.now();
  if (log !== undefined) appendFileSync(log, `--- ${new Date().toISOString()} ${at}\n`);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      lines.push(chunk.toString());
      if (chunk.includes('following slots')) atWork();
      if (log !== undefined) appendFileSync(log, `${Date.now() - started} ${chunk.toString()}`);
    });
  let gone = false;
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      gone = true;
      atWork();
      process.off('exit', killWithUs);
      resolve();
    }),
  );
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    ready,
    exited,
    isGone: () => gone,
    kill: end('SIGKILL'),
    stop: end('SIGTERM'),
    output: () => lines.join(''),
  };
}
