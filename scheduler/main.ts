import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDeployment } from '../contracts/deployment.ts';
import { createAnswers, type AnswerReport } from './answers.ts';
import { readEnvironment } from './environment.ts';
import { closedSlots } from './follow.ts';
import { newHealth, serveHealth } from './health.ts';
import { answerJob } from './jobs/answer.definition.ts';
import { handleAnswer } from './jobs/answer.handler.ts';
import { openQueue, openWorker } from './jobs/queue.ts';
import { settleJob } from './jobs/settle.definition.ts';
import { handleSettle } from './jobs/settle.handler.ts';
import { slotJob } from './jobs/slot.definition.ts';
import { handleSlot } from './jobs/slot.handler.ts';
import { createPipeline, type SlotReport } from './pipeline.ts';
import { openProvider } from './provider.ts';

/** Milliseconds between looks for stuck, lost or late work. */
const RECOVER_EVERY_MS = 30_000;

const log = (line: string): void => {
  console.log(`scheduler: ${line}`);
};

const describe = (report: SlotReport): string => {
  const total = Object.values(report.ms).reduce((sum, ms) => sum + ms, 0);
  const skipped = report.skipped.map((match) => `, ${match.orderId} skipped: ${match.reason}`).join('');
  return `slot ${report.slot} ${report.state}: ${report.matched} matched, ${report.unmatched} not, ${Math.round(total)} ms${skipped}`;
};

async function run(): Promise<void> {
  const environment = readEnvironment(process.env);
  const deployment = parseDeployment(JSON.parse(await readFile(environment.DEPLOYMENT_FILE, 'utf8')));
  const location = { databaseUrl: environment.DATABASE_URL, redisUrl: environment.REDIS_URL };
  const stop = new AbortController();
  const health = newHealth();

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const parent = process.ppid;
  if (environment.CARDHOUR_SUPERVISED === '1') {
    setInterval(() => {
      if (process.ppid !== parent) stop.abort();
    }, 1_000).unref();
  }

  const pipeline = createPipeline({
    databaseUrl: environment.DATABASE_URL,
    rpcUrl: environment.RPC_URL,
    deployment,
    schedulerKey: environment.SCHEDULER_KEY,
    signal: stop.signal,
  });
  const answers = createAnswers({
    databaseUrl: environment.DATABASE_URL,
    rpcUrl: environment.RPC_URL,
    deployment,
    schedulerKey: environment.SCHEDULER_KEY,
  });
  const provider = openProvider(environment.RPC_URL, deployment.chainId);

  const onReport = (report: SlotReport): void => {
    if (report.state === 'empty') return;
    if (report.state === 'committed') health.committed += 1;
    else health.abandoned += 1;
    health.matched += report.matched;
    health.skipped += report.skipped.length;
    log(describe(report));
  };
  const onAnswers = ({ answered, standing }: AnswerReport): void => {
    health.answered += answered.length;
    for (const claimId of answered) log(`claim ${claimId} answered`);
    for (const { claimId, slot, why } of standing)
      console.error(`scheduler: claim ${claimId} against slot ${slot} stands: ${why}`);
  };
  const onFailed = (data: object | undefined, error: Error): void => {
    health.failures += 1;
    console.error(`scheduler: job ${JSON.stringify(data)} failed: ${error.message}`);
  };

  const recover = async (): Promise<void> => {
    try {
      const { resent, abandoned } = await pipeline.recover();
      if (resent + abandoned > 0) log(`${resent} transactions sent again, ${abandoned} late slots given up`);
    } catch (error) {
      health.failures += 1;
      console.error(`scheduler: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await recover();

  const slots = openQueue(slotJob, location);
  const ticks = openQueue(settleJob, location);
  const answerTicks = openQueue(answerJob, location);
  const workers = [
    openWorker(slotJob, location, handleSlot(pipeline, onReport), onFailed),
    openWorker(
      settleJob,
      location,
      handleSettle(pipeline, (leases) => void (health.settled += leases)),
      onFailed,
    ),
    openWorker(answerJob, location, handleAnswer(answers, onAnswers), onFailed),
  ];
  const server =
    environment.METRICS_PORT === undefined ? null : serveHealth(environment.METRICS_PORT, health);
  log(`following slots of ${deployment.parameters.slotSeconds} s`);

  let recoveredAt = Date.now();
  while (!stop.signal.aborted) {
    try {
      const block = await provider.getBlock('latest');
      health.chainSeenAt = Date.now();
      const closed = closedSlots(deployment.parameters, BigInt(block?.timestamp ?? 0), health.lastSlot);
      for (const slot of closed) {
        await slots.add({ slot: slot.toString() });
        health.lastSlot = slot;
      }
      // One tick for all slots that closed while we were away.
      const newest = closed.at(-1);
      if (newest !== undefined) {
        await ticks.add({ tick: newest.toString() });
        await answerTicks.add({ tick: newest.toString() });
      }
      if (Date.now() - recoveredAt > RECOVER_EVERY_MS) {
        recoveredAt = Date.now();
        await recover();
      }
    } catch (error) {
      health.failures += 1;
      console.error(`scheduler: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(environment.SCHEDULER_POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }

  log('stopping');
  // A slot at hand is finished when it can be; what is cut off is taken up again at the next start.
  setTimeout(() => process.exit(0), 5_000).unref();
  await Promise.all(workers.map((worker) => worker.close()));
  await Promise.all([slots.close(), ticks.close(), answerTicks.close(), pipeline.close(), answers.close()]);
  provider.destroy();
  server?.close();
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
