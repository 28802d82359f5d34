/** One lease from its opening to its last report: fetch the workload, check it, have it run, end it at the lease's end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import { parseWorkload, workloadHash, type Workload } from '../../domain/workload.ts';
import type { Gateway } from '../gateway.ts';
import type { OwnLease } from '../ledger.ts';
import type { LeaseStatus, PluginLease } from '../plugin/protocol.ts';
import type { Pool } from '../pools/north.ts';
import { leaseFiles, type LeaseFiles, type LeaseState } from './lease-files.ts';
import { identityOf, leaseKey } from './lease-key.ts';
import { addUsage, poolRun, type PoolRun } from './pool-run.ts';
import { createReporter } from './reporter.ts';
import { cpusOf } from './used.ts';

export interface LeaseRun {
  /** Of the lease that it runs; see `identityOf`. */
  identity: string;
  /** Whether it answers for what a pool holds under this name. */
  claims(pool: string, key: string): boolean;
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
  /** Cards that the lease's node sells in all. */
  nodeCards: number;
  pools: { byName(name: string): Pool | undefined; ofNode(node: string): Pool | undefined };
  domain: SigningDomain;
  /** Signs the 32 bytes of a digest as a message (EIP-191). */
  sign: (digest: Hex) => Hex;
  gateway: Gateway;
  heartbeatMs: () => number;
  chainNow: () => bigint;
  /** The agent stops: the command ends, and the next agent goes on. */
  signal: AbortSignal;
  log: (line: string) => void;
}

/** From SIGTERM to SIGKILL. */
const GRACE_MS = { leaseEnd: 5_000, agentStop: 2_000 };
/** How long the end of a command may take beyond its grace, before it is left to the sweep and to the plugin's own end. */
const END_MS = { leaseEnd: 60_000, agentStop: 5_000 };
const FETCH_RETRY_MS = { first: 500, most: 10_000 };
/** A platform that breaks a lease so often will not run it. */
const MOST_FAILURES = 5;
const RESTART_MS = { first: 100, most: 10_000 };

const NEW: Omit<LeaseState, 'identity' | 'key'> = {
  state: 'starting',
  pool: null,
  started: false,
  logBase: 0,
  usage: {},
  usedBefore: {},
  starts: 0,
  sent: { seq: 0, offset: 0 },
  pending: [],
  done: false,
};

export function startLeaseRun(options: LeaseRunOptions): LeaseRun {
  const { leaseId, lease, gateway, log } = options;
  const files = leaseFiles(options.leasesFolder, leaseId);
  const state = loadState(files, leaseId, lease);
  const dropped = new AbortController();
  const signal = AbortSignal.any([options.signal, dropped.signal]);
  const over = new AbortController();
  const stopped = AbortSignal.any([over.signal, signal]);
  let run: PoolRun | null = null;
  let pool: Pool | undefined;
  const reporter = createReporter({
    ...options,
    files,
    state,
    isolation: () => pool?.capabilities()?.isolation ?? 'none',
    refresh: async () => {
      await run?.take();
      if (lease) state.cpus ??= cpusOf(pool?.machine() ?? null, { ...options, cards: lease.cards });
    },
  });

  const become = (change: Partial<LeaseState>, durable = false) => {
    Object.assign(state, change);
    files.save(state, durable);
    reporter.wake();
  };

  const fail = (why: string) => {
    log(`lease ${leaseId} failed: ${why}`);
    files.note(why);
    become({ state: 'failed', started: false });
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

  /** The pool that has the lease, else the one that serves its node; waits while there is none. */
  const findPool = async (terms: OwnLease): Promise<Pool | null> => {
    for (;;) {
      const found =
        (state.started && state.pool !== null ? options.pools.byName(state.pool) : undefined) ??
        options.pools.ofNode(terms.node);
      if (found) return found;
      if (stopped.aborted) return null;
      await sleep(FETCH_RETRY_MS.first, undefined, { signal: stopped }).catch(() => undefined);
    }
  };

  /** Has it run; once more each time that its platform loses it. */
  let whyAgain = 'the agent was restarted';
  const serve = async (terms: OwnLease, workload: Workload, own: PoolRun, at: Pool): Promise<void> => {
    let failures = 0;
    let inherited = state.started;
    for (let pause = RESTART_MS.first; ; pause = Math.min(pause * 2, RESTART_MS.most)) {
      const before = inherited ? await adopted(at) : null;
      inherited = false;
      if (!before) {
        if (state.starts > 0)
          files.note(`${failures > 0 ? 'its platform broke it' : whyAgain}: the command starts again`);
        become({
          pool: at.name,
          started: true,
          starts: state.starts + 1,
          logBase: files.logSize(),
          usage: {},
          usedBefore: addUsage(state.usedBefore, state.usage),
        });
        const status = await own.start(leaseFor(terms, workload), stopped);
        if (status && state.state !== 'running') become({ state: 'running' });
        if (status) log(`lease ${leaseId}: ${status.state} (${at.name}, ${at.capabilities()?.isolation})`);
      }
      const end = await own.over(stopped);
      if (!end) return endIt(own, at);
      await own.release();
      if (end.state === 'exited') return exited(end);
      whyAgain = 'the plugin was restarted';
      if (end.state === 'failed') {
        failures += 1;
        files.note(end.reason ?? 'the platform broke it and does not say why');
        if (failures >= MOST_FAILURES || state.starts >= 100)
          return fail(`its platform broke it ${failures} times`);
      }
      become({ started: false });
      log(`lease ${leaseId}: ${end.state}${end.reason ? ` (${end.reason})` : ''}, it starts again`);
      await sleep(pause, undefined, { signal: stopped }).catch(() => undefined);
      if (stopped.aborted) return;
    }
  };

  /** What an earlier agent started, if it still goes on or ended by itself. */
  const adopted = async (at: Pool): Promise<LeaseStatus | null> => {
    await at.ready(stopped).catch(() => undefined);
    const status = at.known(state.key);
    if (!status || status.state !== 'lost') return status ?? null;
    await run?.release();
    return null;
  };

  const exited = ({ exitCode }: LeaseStatus) => {
    log(`lease ${leaseId}: the command exited with ${exitCode ?? 'no code'}`);
    become({ state: 'exited', exitCode, started: false }, true);
  };

  const endIt = async (own: PoolRun, at: Pool): Promise<void> => {
    const why = over.signal.aborted || dropped.signal.aborted ? 'leaseEnd' : 'agentStop';
    // Where the work outlives the agent, its platform ends it in time and the next agent finds it.
    if (why === 'agentStop' && at.capabilities()?.survives) return;
    await own.end(GRACE_MS[why], GRACE_MS[why] + END_MS[why]);
    await own.release();
    if (over.signal.aborted) log(`lease ${leaseId}: over, its command was stopped`);
    // The agent stopping is no end of the lease: 'running' makes the next agent start the command again.
    become({
      started: false,
      ...(over.signal.aborted && state.state === 'running' ? { state: 'exited' } : {}),
    });
  };

  const leaseFor = (terms: OwnLease, workload: Workload): PluginLease => ({
    id: state.key,
    node: { id: terms.node, class: options.className, cards: options.nodeCards },
    command: workload.command,
    env: {
      ...workload.env,
      CARDHOUR_LEASE_ID: leaseId.toString(),
      CARDHOUR_CARDS: terms.cards.toString(),
      CARDHOUR_CLASS: options.className,
      CARDHOUR_NODE: terms.node,
      CARDHOUR_END: terms.end.toString(),
    },
    limits: {
      cards: terms.cards,
      seconds: Math.max(1, Number(terms.end - options.chainNow())),
    },
  });

  const work = async (): Promise<void> => {
    if (!lease) {
      pool = state.pool === null ? undefined : options.pools.byName(state.pool);
      if (!pool || !state.started) return;
      run = poolRun(pool, files, state, () => undefined);
      await pool
        .ready(AbortSignal.any([signal, AbortSignal.timeout(END_MS.leaseEnd)]))
        .catch(() => undefined);
      return endIt(run, pool);
    }
    if (state.state !== 'starting' && state.state !== 'running') return;
    const [workload, found] = await Promise.all([fetchWorkload(lease), findPool(lease)]);
    if (!workload || !found || stopped.aborted) return;
    pool = found;
    let said = '';
    run = poolRun(pool, files, state, (why) => {
      if (why !== said) log(`lease ${leaseId} waits: ${why}`);
      said = why;
    });
    await serve(lease, workload, run, pool);
  };

  /** The lease's time is up and nothing of it runs. */
  const conclude = () => {
    if (state.state === 'starting') fail('the lease ended before its command could start');
    // An earlier agent was killed while the command ran, and the lease ended meanwhile.
    if (state.state === 'running') become({ state: 'exited' });
    become({ logHash: files.logHash() });
    reporter.finish();
  };

  const whole = async (): Promise<void> => {
    files.save(state);
    const reporting = reporter.run(signal);
    await work().catch((error: unknown) => {
      if (!stopped.aborted || over.signal.aborted) fail((error as Error).message);
    });
    await aborted(stopped);
    if (over.signal.aborted) conclude();
    await reporting;
  };

  return {
    identity: state.identity,
    claims: (name, key) => state.started && state.pool === name && state.key === key,
    end: () => over.abort(),
    drop: () => dropped.abort(),
    finished: whole(),
  };
}

/** What is stored of this very lease, else a new beginning. What another lease of the same id left is its pool's to sweep. */
function loadState(files: LeaseFiles, leaseId: bigint, lease: OwnLease | null): LeaseState {
  const stored = files.load();
  const identity = lease ? identityOf(lease) : (stored?.identity ?? '');
  if (stored?.identity === identity) return stored;
  files.removeLog();
  return { ...structuredClone(NEW), identity, key: leaseKey(leaseId, identity) };
}

/** Resolves, with nothing, once the signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
