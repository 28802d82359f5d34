/** One lease from its opening to its last report: fetch the workload, check it, run it, stop it at the lease's end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { SigningDomain } from '../../domain/types.ts';
import { parseWorkload, workloadHash, type Workload } from '../../domain/workload.ts';
import type { Gateway } from '../gateway.ts';
import type { OwnLease } from '../ledger.ts';
import { openLog } from '../sandbox/bounded-log.ts';
import { endLeftover, newMark, type RunningJob, type Sandbox } from '../sandbox/process.ts';
import { leaseFiles, type LeaseFiles, type LeaseState } from './lease-files.ts';
import { createReporter } from './reporter.ts';

export interface LeaseRun {
  /** Of the lease that it runs; see `identityOf`. */
  identity: string;
  /** The lease is over on-chain: stop the command, send the last report. */
  end(): void;
  /** There never was such a lease, a reorganisation took it: stop the command, say nothing. */
  drop(): void;
  /** Resolves when nothing of the lease runs and the last report is confirmed, or after `signal`. Never rejects. */
  finished: Promise<void>;
}

export interface LeaseRunOptions {
  leasesFolder: string;
  leaseId: bigint;
  /** What the chain says of it; null when it is over and only its last report is missing. */
  lease: OwnLease | null;
  className: string;
  sandbox: Sandbox;
  domain: SigningDomain;
  account: PrivateKeyAccount;
  gateway: Gateway;
  heartbeatMs: number;
  chainNow: () => bigint;
  /** The agent stops: the command ends, and the next agent goes on. */
  signal: AbortSignal;
  log: (line: string) => void;
}

/** From SIGTERM to SIGKILL. */
const GRACE_MS = { leaseEnd: 5_000, agentStop: 2_000 };
const FETCH_RETRY_MS = { first: 500, most: 10_000 };

const NEW: Omit<LeaseState, 'identity'> = {
  state: 'starting',
  process: null,
  starts: 0,
  sent: { seq: 0, offset: 0 },
  pending: [],
  done: false,
};

/** Ids are given again when a reorganisation takes a lease back; what else a lease is made of tells the two apart. */
export function identityOf({ start, node, workload }: OwnLease): string {
  return `${start} ${node} ${workload}`;
}

export function startLeaseRun(options: LeaseRunOptions): LeaseRun {
  const { leaseId, lease, sandbox, gateway, log } = options;
  const files = leaseFiles(options.leasesFolder, leaseId);
  const state = loadState(files, lease);
  const dropped = new AbortController();
  const signal = AbortSignal.any([options.signal, dropped.signal]);
  const reporter = createReporter({ ...options, files, state, sandbox: sandbox.kind });
  const over = new AbortController();
  const stopped = AbortSignal.any([over.signal, signal]);

  const become = (change: Partial<LeaseState>) => {
    Object.assign(state, change);
    files.save(state);
    reporter.wake();
  };

  const note = (line: string) => {
    const file = openLog(files.logPath);
    file.note(line);
    file.close();
  };

  const fail = (why: string) => {
    log(`lease ${leaseId} failed: ${why}`);
    note(why);
    become({ state: 'failed', process: null });
  };

  /** The workload as the chain names it; null when there is none to run. */
  const fetchWorkload = async ({ workload: hash }: OwnLease): Promise<Workload | null> => {
    for (let wait = FETCH_RETRY_MS.first; !stopped.aborted; wait = Math.min(wait * 2, FETCH_RETRY_MS.most)) {
      try {
        const answer = await gateway.workloadOf(leaseId);
        const workload = parseWorkload(answer);
        if (workloadHash(workload) === hash) return workload;
        fail(`the gateway's workload is not the one that the lease names (${hash})`);
        return null;
      } catch (error) {
        if ((error as Error).name === 'Refusal') {
          fail(`the workload can't be read: ${(error as Error).message}`);
          return null;
        }
        // The gateway's index may be a block behind, or the gateway away: the lease still has its time.
        await sleep(wait, undefined, { signal: stopped }).catch(() => undefined);
      }
    }
    return null;
  };

  const launch = async (workload: Workload, terms: OwnLease): Promise<RunningJob | null> => {
    if (state.starts > 0) note('the agent was restarted: the command starts again');
    files.freshWork();
    const mark = newMark();
    become({ process: { mark }, starts: state.starts + 1 });
    try {
      const job = await sandbox.start({
        leaseId,
        command: workload.command,
        env: {
          ...workload.env,
          CARDHOUR_LEASE_ID: leaseId.toString(),
          CARDHOUR_CARDS: terms.cards.toString(),
          CARDHOUR_CLASS: options.className,
          CARDHOUR_NODE: terms.node,
          CARDHOUR_END: terms.end.toString(),
        },
        workFolder: files.workFolder,
        logPath: files.logPath,
        mark,
      });
      become({ state: 'running', process: job.record });
      return job;
    } catch (error) {
      fail(`the command could not be started: ${(error as Error).message}`);
      return null;
    }
  };

  const work = async (): Promise<void> => {
    if (state.process) {
      await endLeftover(state.process);
      become({ process: null });
    }
    if (!lease || (state.state !== 'starting' && state.state !== 'running')) return;
    const workload = await fetchWorkload(lease);
    const job = workload && !stopped.aborted ? await launch(workload, lease) : null;
    if (job) await supervise(job);
  };

  /** The lease's time is up and nothing of it runs. */
  const conclude = () => {
    if (state.state === 'starting') fail('the lease ended before its command could start');
    // An earlier agent was killed while the command ran, and the lease ended meanwhile.
    if (state.state === 'running') become({ state: 'exited', process: null });
    files.removeWork();
    reporter.finish();
  };

  const supervise = async (job: RunningJob): Promise<void> => {
    log(`lease ${leaseId}: running (${sandbox.kind}, process ${job.record.pid})`);
    const exitCode = await Promise.race([job.exited, aborted(stopped)]);
    if (exitCode !== undefined) {
      log(`lease ${leaseId}: the command exited with ${exitCode}`);
      return become({ state: 'exited', exitCode, process: null });
    }
    await job.stop(over.signal.aborted ? GRACE_MS.leaseEnd : GRACE_MS.agentStop);
    if (over.signal.aborted) log(`lease ${leaseId}: over, its command was stopped`);
    // The agent stopping is no end of the lease: 'running' makes the next agent start the command again.
    become(over.signal.aborted ? { state: 'exited', process: null } : { process: null });
  };

  const whole = async (): Promise<void> => {
    files.save(state);
    const reporting = reporter.run(signal);
    await work().catch((error: unknown) => fail((error as Error).stack ?? String(error)));
    await aborted(stopped);
    if (over.signal.aborted) conclude();
    await reporting;
  };

  return {
    identity: state.identity,
    end: () => over.abort(),
    drop: () => dropped.abort(),
    finished: whole(),
  };
}

/** What is stored of this very lease, else a new beginning; a process that another left is still in it, to be ended. */
function loadState(files: LeaseFiles, lease: OwnLease | null): LeaseState {
  const stored = files.load();
  const identity = lease ? identityOf(lease) : (stored?.identity ?? '');
  if (stored?.identity === identity) return stored;
  files.removeLog();
  return { ...structuredClone(NEW), identity, process: stored?.process ?? null };
}

/** Resolves, with nothing, once the signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
