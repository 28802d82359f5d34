/** Slurm's own commands: run, read, and their complaints as the protocol's errors. */
import { execFile } from 'node:child_process';
import { PluginError } from '../../plugin/errors.ts';
import { cardNames, parseFields, type Fields } from './parse.ts';

export interface JobFacts {
  id: number;
  state: string;
  reason: string;
  /** Code and signal of the script. */
  exit: { code: number; signal: number };
  startedAt?: number;
  endedAt?: number;
  /** Names of its cards; empty when Slurm does not say. */
  cards: string[];
}

export interface Slurm {
  /** @returns the job's id @throws PluginError REFUSED, NOT_READY */
  submit(flags: string[], script: string): Promise<number>;
  /** Newest job of that name that the controller still knows; null when there is none. */
  findByName(name: string): Promise<number | null>;
  /** States of the jobs that the controller still knows. */
  states(ids: number[]): Promise<Map<number, { state: string; reason: string }>>;
  /** null when neither controller nor accounting knows it any more. */
  job(id: number): Promise<JobFacts | null>;
  cancel(id: number, signal?: 'KILL'): Promise<void>;
  /** CPU milliseconds of a job that runs; null when nobody measures. */
  cpuMs(id: number): Promise<number | null>;
  nodes(): Promise<Fields[]>;
}

const TIMEOUT_MS = 25_000;
const AWAY =
  /unable to contact|connection refused|timed out|communication|not responding|slurm_load_|socket|Zero Bytes/i;
const UNKNOWN_JOB = /invalid job id/i;

/** @param config of Slurm; undefined: the machine's own */
export function openSlurm(config: string | undefined): Slurm {
  const env = {
    ...process.env,
    ...(config === undefined ? {} : { SLURM_CONF: config }),
    SLURM_TIME_FORMAT: '%s',
  };
  const run = (program: string, args: string[]) =>
    new Promise<string>((resolve, reject) => {
      execFile(program, args, { env, timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = `${stderr}`.replace(/\s+/g, ' ').trim().slice(0, 1_000) || error.message;
        if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          return reject(new PluginError('NOT_READY', `The program ${program} is not on this machine.`));
        const kind = error.killed || (AWAY.test(said) && !UNKNOWN_JOB.test(said)) ? 'NOT_READY' : 'INTERNAL';
        reject(new PluginError(kind, `${program}: ${said}.`));
      });
    });

  const fromController = async (id: number): Promise<JobFacts | null> => {
    const text = await run('scontrol', ['show', 'job', '--details', '--oneliner', String(id)]).catch(
      unlessUnknown,
    );
    const fields = parseFields(text ?? '');
    if (!fields['JobState']) return null;
    const [code = 0, signal = 0] = (fields['ExitCode'] ?? '').split(':').map(Number);
    const [startedAt, endedAt] = [timeOf(fields['StartTime']), timeOf(fields['EndTime'])];
    return {
      id,
      state: fields['JobState'],
      reason: fields['Reason'] ?? '',
      exit: { code, signal },
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      cards: cardNames(text ?? ''),
    };
  };

  /** Clusters without accounting answer with an error, which says nothing of the job. */
  const fromAccounting = async (id: number): Promise<JobFacts | null> => {
    const format = ['--format=JobIDRaw,State,ExitCode,Start,End'];
    const args = ['--jobs', String(id), '--noheader', '--parsable2', '--allocations', '--duplicates'];
    const text = await run('sacct', [...args, ...format]).catch(() => '');
    const line = text.split('\n').findLast((row) => row.startsWith(`${id}|`));
    if (!line) return null;
    const [, state = '', exit = '', start, end] = line.split('|');
    const [code = 0, signal = 0] = exit.split(':').map(Number);
    const [startedAt, endedAt] = [timeOf(start), timeOf(end)];
    return {
      id,
      // "CANCELLED by 1000"
      state: state.split(' ')[0] ?? '',
      reason: '',
      exit: { code, signal },
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      cards: [],
    };
  };

  return {
    async submit(flags, script) {
      try {
        const answer = await run('sbatch', ['--parsable', ...flags, script]);
        const id = Number.parseInt(answer, 10);
        if (!(id > 0))
          throw new PluginError('INTERNAL', `sbatch answered ${JSON.stringify(answer.slice(0, 200))}.`);
        return id;
      } catch (error) {
        // What the controller understood and did not take, it will not take later.
        if (error instanceof PluginError && error.kind === 'INTERNAL')
          throw new PluginError(
            'REFUSED',
            error.message.replace(/^sbatch: (sbatch: )?(error: )?/, 'Slurm takes no such job: '),
          );
        throw error;
      }
    },
    async findByName(name) {
      const text = await run('squeue', ['--noheader', '--states=all', `--name=${name}`, '--format=%A']);
      const ids = text
        .split('\n')
        .map(Number)
        .filter((id) => id > 0);
      return ids.length > 0 ? Math.max(...ids) : null;
    },
    async states(ids) {
      if (ids.length === 0) return new Map();
      const args = ['--noheader', '--states=all', `--jobs=${ids.join(',')}`, '--format=%A|%T|%r'];
      const text = (await run('squeue', args).catch(unlessUnknown)) ?? '';
      const rows = text.split('\n').map((line) => line.split('|'));
      return new Map(
        rows
          .filter(([id]) => Number(id) > 0)
          .map(([id, state = '', ...reason]) => [Number(id), { state, reason: reason.join('|') }]),
      );
    },
    job: async (id) => (await fromController(id)) ?? (await fromAccounting(id)),
    async cancel(id, signal) {
      const how = signal === undefined ? [] : [`--signal=${signal}`, '--full'];
      await run('scancel', [...how, String(id)]).catch(unlessUnknown);
    },
    async cpuMs(id) {
      const args = ['--noheader', '--parsable2', '--allsteps', '--format=AveCPU,NTasks', `--jobs=${id}`];
      const text = await run('sstat', args).catch(() => '');
      const rows = text.split('\n').filter((row) => row.includes('|'));
      return rows.length === 0 ? null : rows.reduce((sum, row) => sum + cpuOf(row), 0);
    },
    async nodes() {
      const text = await run('scontrol', ['show', 'node', '--details', '--oneliner']);
      return text
        .split('\n')
        .map(parseFields)
        .filter((fields) => fields['NodeName']);
    },
  };
}

function unlessUnknown(error: unknown): null {
  if (error instanceof PluginError && UNKNOWN_JOB.test(error.message)) return null;
  throw error;
}

/** Unix seconds, as SLURM_TIME_FORMAT asks for; older commands ignore it and write local time. */
function timeOf(text: string | undefined): number | undefined {
  const time = /^\d{9,}$/.test(text ?? '') ? Number(text) * 1_000 : Date.parse(text ?? '');
  return time > 0 ? time : undefined;
}

/** "[DD-[HH:]]MM:SS.mmm|tasks" */
function cpuOf(row: string): number {
  const [time = '', tasks = '1'] = row.split('|');
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(time);
  if (!match) return 0;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round(
    (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000 * Math.max(1, Number(tasks)),
  );
}
