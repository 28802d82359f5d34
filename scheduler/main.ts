import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDeployment } from '../contracts/deployment.ts';
import { createAnswers, type AnswerReport } from './answers.ts';
import { readEnvironment } from './environment.ts';
import { closedSlots, followBook } from './follow.ts';
import { newHealth, serveHealth } from './health.ts';
import { createCycles } from './cycle/cycles.ts';
import { clusterJob } from './jobs/cluster.definition.ts';
import { handleCluster } from './jobs/cluster.handler.ts';
import { cycleJob } from './jobs/cycle.definition.ts';
import { handleCycle } from './jobs/cycle.handler.ts';
import { clearJob } from './jobs/clear.definition.ts';
import { handleClear } from './jobs/clear.handler.ts';
import { commitJob } from './jobs/commit.definition.ts';
import { handleCommit } from './jobs/commit.handler.ts';
import { confirmJob } from './jobs/confirm.definition.ts';
import { handleConfirm } from './jobs/confirm.handler.ts';
import { answerJob } from './jobs/answer.definition.ts';
import { handleAnswer } from './jobs/answer.handler.ts';
import { openQueue, openWorker } from './jobs/queue.ts';
import { renewJob } from './jobs/renew.definition.ts';
import { handleRenew } from './jobs/renew.handler.ts';
import { settleJob } from './jobs/settle.definition.ts';
import { handleSettle } from './jobs/settle.handler.ts';
import { openSlotQueues } from './jobs/slot-queues.ts';
import type { CycleReport } from './cycle/decide-cycle.ts';
import type { FormReport } from './cycle/form.ts';
import { createPipeline } from './pipeline.ts';
import { openProvider } from './provider.ts';
import type { ClearResult } from './slot/clear.ts';
import type { CommitResult } from './slot/commit.ts';
import type { Step } from './steps.ts';

/** Milliseconds between looks for stuck, lost or late work. */
const RECOVER_EVERY_MS = 10_000;

const log = (line: string): void => {
  console.log(`scheduler: ${line}`);
};

/** @returns null for what is not worth a line */
function describe(slot: bigint, result: ClearResult | CommitResult): string | null {
  switch (result.state) {
    case 'published': {
      const { read, clear, publish } = result.ms;
      return `slot ${slot} published: ${result.orders} orders, ${result.asks} asks, ${Math.round(read + clear + publish)} ms`;
    }
    case 'committed': {
      const skipped = 'skipped' in result ? result.skipped : [];
      const words = skipped.map((match) => `, ${match.orderId} skipped: ${match.reason}`).join('');
      return `slot ${slot} committed: ${result.matched} matched, ${result.unmatched} not${words}`;
    }
    case 'abandoned':
      return `slot ${slot} abandoned${'why' in result ? `: ${result.why}` : ''}`;
    default:
      return null;
  }
}

/** Ends the process as a power cut would, at a step that the environment names: for `npm run test:chaos`. */
function crasher(at: Step | undefined): (step: Step) => void {
  return (step) => {
    if (step === at) process.kill(process.pid, 'SIGKILL');
  };
}

async function run(): Promise<void> {
  const environment = readEnvironment(process.env);
  const deployment = parseDeployment(JSON.parse(await readFile(environment.DEPLOYMENT_FILE, 'utf8')));
  const location = {
    databaseUrl: environment.DATABASE_URL,
    redisUrl: environment.REDIS_URL,
    lockMs: environment.JOB_LOCK_MS,
  };
  const stop = new AbortController();
  const health = newHealth();

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const parent = process.ppid;
  if (environment.CARDHOUR_SUPERVISED === '1') {
    setInterval(() => {
      if (process.ppid !== parent) stop.abort();
    }, 1_000).unref();
  }

  const crash = crasher(environment.CARDHOUR_CRASH_AT);
  const pipeline = createPipeline({
    databaseUrl: environment.DATABASE_URL,
    rpcUrl: environment.RPC_URL,
    deployment,
    schedulerKey: environment.SCHEDULER_KEY,
    signal: stop.signal,
    confirmBlocks: environment.CONFIRM_BLOCKS,
    resendAfterMs: environment.RESEND_MS,
    bumpAfterMs: environment.BUMP_MS,
    onStep: (step, slot) => {
      crash(step);
      if (slot !== null) health.standing.set(slot, step);
    },
  });
  const answers = createAnswers({
    databaseUrl: environment.DATABASE_URL,
    rpcUrl: environment.RPC_URL,
    deployment,
    schedulerKey: environment.SCHEDULER_KEY,
  });
  const provider = openProvider(environment.RPC_URL, deployment.chainId);
  const cycles =
    environment.CLUSTER_CYCLE_SLOTS === 0
      ? null
      : createCycles({
          databaseUrl: environment.DATABASE_URL,
          rpcUrl: environment.RPC_URL,
          deployment,
          schedulerKey: environment.SCHEDULER_KEY,
          cycleSlots: environment.CLUSTER_CYCLE_SLOTS,
          reachMicros: environment.CLUSTER_REACH_MICROS,
          budgetMs: environment.CLUSTER_BUDGET_MS,
          policyFile: environment.CLUSTER_POLICY,
        });

  const onResult = (slot: bigint, result: ClearResult | CommitResult): void => {
    if (result.state === 'committed') {
      health.committed += 1;
      health.matched += result.matched;
      if ('skipped' in result) health.skipped += result.skipped.length;
    }
    if (result.state === 'abandoned') health.abandoned += 1;
    const line = describe(slot, result);
    if (line !== null) log(line);
  };
  const onAnswers = ({ answered, standing }: AnswerReport): void => {
    health.answered += answered.length;
    for (const claimId of answered) log(`claim ${claimId} answered`);
    for (const { claimId, slot, why } of standing)
      console.error(`scheduler: claim ${claimId} against slot ${slot} stands: ${why}`);
  };
  const onCycle = (cycle: bigint, { state, servers, tasks, proposed, notes }: CycleReport): void => {
    if (state !== 'decided') return;
    log(`cycle ${cycle}: ${servers} nodes, ${tasks} orders, ${proposed} clusters proposed`);
    for (const { sentence } of notes) log(`cycle ${cycle}: ${sentence}`);
  };
  const onClusters = ({ formed, lapsed }: FormReport, shared: number): void => {
    for (const id of formed) log(`proposal ${id} formed its cluster`);
    for (const { id, reason } of lapsed) log(`proposal ${id} lapsed: ${reason}`);
    if (shared > 0) log(`earnings of ${shared} clusters shared`);
  };
  const onFailed = (data: object | undefined, error: Error): void => {
    // It is tried again, and nothing is wrong.
    if ('retryable' in error && error.retryable === true) return;
    health.failures += 1;
    console.error(`scheduler: job ${JSON.stringify(data)} failed: ${error.message}`);
  };

  const onError = (error: unknown): void => {
    health.failures += 1;
    console.error(`scheduler: ${error instanceof Error ? error.message : String(error)}`);
  };

  const slots = openSlotQueues(location);
  const ticks = openQueue(settleJob, location);
  const recover = async (): Promise<void> => {
    try {
      const resent = await pipeline.resend();
      if (resent > 0) log(`${resent} transactions sent again`);
      for (const slot of await pipeline.unfinished()) await slots.resume(slot);
    } catch (error) {
      onError(error);
    }
  };
  await recover();

  const renewals = openQueue(renewJob, location);
  const answerTicks = openQueue(answerJob, location);
  const cycleQueue = openQueue(cycleJob, location);
  const clusterTicks = openQueue(clusterJob, location);
  const workers = [
    openWorker(clearJob, location, handleClear(pipeline, slots, onResult), onFailed),
    openWorker(commitJob, location, handleCommit(pipeline, slots, onResult), onFailed),
    openWorker(
      confirmJob,
      location,
      handleConfirm(pipeline, slots, (slot) => log(`slot ${slot} was taken out by a reorganisation`)),
      onFailed,
    ),
    openWorker(
      settleJob,
      location,
      handleSettle(pipeline, (leases) => void (health.settled += leases)),
      onFailed,
    ),
    openWorker(
      renewJob,
      location,
      handleRenew(pipeline, (leases) => void (health.renewed += leases)),
      onFailed,
    ),
    openWorker(answerJob, location, handleAnswer(answers, onAnswers), onFailed),
    ...(cycles === null
      ? []
      : [
          openWorker(cycleJob, location, handleCycle(cycles, onCycle), onFailed),
          openWorker(clusterJob, location, handleCluster(cycles, onClusters), onFailed),
        ]),
  ];
  const server =
    environment.METRICS_PORT === undefined ? null : serveHealth(environment.METRICS_PORT, health);
  log(`following slots of ${deployment.parameters.slotSeconds} s`);

  const idle = (): Promise<void> =>
    sleep(environment.SCHEDULER_POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  const reading = followBook(pipeline, stop.signal, idle, onError);

  let recoveredAt = Date.now();
  while (!stop.signal.aborted) {
    try {
      const block = await provider.getBlock('latest');
      health.chainSeenAt = Date.now();
      const closed = closedSlots(deployment.parameters, BigInt(block?.timestamp ?? 0), health.lastSlot);
      for (const slot of closed) {
        await slots.clear(slot);
        health.lastSlot = slot;
      }
      // Whatever ended its job: no later slot goes on without this one.
      const open = health.lastSlot === null ? null : await pipeline.firstOpen(health.lastSlot + 1n);
      if (open !== null) await slots.resume(open);
      // One tick for all slots that closed while we were away.
      const newest = closed.at(-1);
      if (newest !== undefined) {
        const tick = newest.toString();
        await Promise.all([ticks.add({ tick }), renewals.add({ tick }), answerTicks.add({ tick })]);
        if (cycles !== null) {
          await cycleQueue.add({ cycle: cycles.cycleAt(BigInt(block?.timestamp ?? 0)).toString() });
          await clusterTicks.add({ tick });
        }
      }
      if (Date.now() - recoveredAt > RECOVER_EVERY_MS) {
        recoveredAt = Date.now();
        await recover();
      }
    } catch (error) {
      onError(error);
    }
    await idle();
  }

  log('stopping');
  // A slot at hand is finished when it can be; what is cut off is taken up again at the next start.
  setTimeout(() => process.exit(0), 5_000).unref();
  await Promise.all([reading, ...workers.map((worker) => worker.close())]);
  const parts = [slots, ticks, renewals, answerTicks, cycleQueue, clusterTicks, pipeline, answers];
  await Promise.all([...parts, ...(cycles === null ? [] : [cycles])].map((part) => part.close()));
  provider.destroy();
  server?.close();
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
