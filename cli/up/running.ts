import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup } from '../supervise/keeper.ts';
import type { ProcessBook } from '../supervise/processes.ts';
import type { Screen } from '../supervise/screen.ts';
import type { Settings } from './settings.ts';
import type { Shutdown } from './shutdown.ts';

/** What runs on what: the last stage ends first, and all of a stage at once. */
export const STAGE = { ground: 0, services: 1, actors: 2 } as const;
type Stage = (typeof STAGE)[keyof typeof STAGE];

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** What lived so long starts its back-off from the beginning. */
const STEADY_MS = 60_000;

/** A start that is under way or done: what it needs to know, and what has to be undone at its end. */
export interface Running {
  settings: Settings;
  screen: Screen;
  shutdown: Shutdown;
  processes: ProcessBook;
  /** Process groups to kill when somebody is in a hurry. */
  groups: Set<number>;
  ends: Map<Stage, (() => Promise<void>)[]>;
}

/** Notes how something that was started is ended again. */
export function atEnd(running: Running, stage: Stage, end: () => Promise<void>): void {
  running.ends.set(stage, [...(running.ends.get(stage) ?? []), end]);
}

/** Ends everything, the last stage first; what is still coming up notes itself meanwhile and is ended too. */
export async function endAll(running: Running): Promise<void> {
  const { ends, screen, groups } = running;
  for (;;) {
    const stage = [STAGE.actors, STAGE.services, STAGE.ground].find(
      (each) => (ends.get(each) ?? []).length > 0,
    );
    if (stage === undefined) break;
    const due = ends.get(stage) ?? [];
    ends.set(stage, []);
    await Promise.all(
      due.map((end) => end().catch((error: unknown) => screen.say(`! ${sentenceOf(error)}`))),
    );
  }
  for (const group of groups) killGroup(group);
}

/** A process of somebody else's making that everything stands on. */
interface Foundation {
  /** Leader of its process group, when it is ours to know. */
  pid?: number;
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts something that everything stands on, and starts it again, with growing pauses, whenever it dies. When it does not
 * come up again, all ends with its sentence.
 */
export async function keepUp<T extends Foundation>(
  running: Running,
  name: string,
  start: () => Promise<T>,
): Promise<T> {
  const { processes, groups, screen, shutdown } = running;
  const stopping = new AbortController();
  const enter = async (foundation: T): Promise<T> => {
    const { pid, exited } = foundation;
    if (pid !== undefined) {
      groups.add(pid);
      await processes.add(name, pid);
      void exited.then(() => {
        groups.delete(pid);
        return processes.remove(pid);
      });
    }
    return foundation;
  };
  const first = await enter(await start());
  let current = first;
  const watch = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS / 2;
    let since = Date.now();
    for (;;) {
      await current.exited;
      if (stopping.signal.aborted) return;
      pauseMs = Date.now() - since > STEADY_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      screen.say(`! ${name} ended and is started again from its last state in ${pauseMs / 1000} s`);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      since = Date.now();
      current = await enter(await start());
    }
  };
  const watching = watch().catch((error: unknown) => shutdown.fail(sentenceOf(error)));
  atEnd(running, STAGE.ground, async () => {
    stopping.abort();
    await current.stop();
    await watching;
  });
  return first;
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
