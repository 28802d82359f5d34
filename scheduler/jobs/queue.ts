import { createPostgresBackend, Queue, UnrecoverableError, Worker, withBackend, type Job } from 'bullmq';
import { queueName, type JobDefinition } from './definition.ts';

/** Where jobs live: the database itself, or Redis when it outgrows that. */
export interface QueueLocation {
  databaseUrl: string;
  redisUrl?: string | undefined;
  /** Milliseconds of silence after which a worker counts as dead and its job is taken up by another. */
  lockMs?: number | undefined;
}

const LOCK_MS = 5_000;

export interface JobQueue<Data> {
  /** Adds the job unless one with its id is there already, done or not. */
  add(data: Data): Promise<void>;
  close(): Promise<void>;
}

export interface JobWorker {
  /** Finishes the job at hand, takes no other. */
  close(): Promise<void>;
}

const postgres = withBackend(createPostgresBackend);

const postgresConnection = (
  location: QueueLocation,
): { connectionString: string; migrate: boolean; max: number } => ({
  connectionString: location.databaseUrl,
  migrate: true,
  max: 3,
});

/**
 * A killed worker's job is taken up again within seconds, well before a slot's deadline; how often does not matter, since
 * handlers are idempotent. The lock is renewed while the handler works.
 */
const workerOptions = ({ lockMs = LOCK_MS }: QueueLocation) => ({
  concurrency: 1,
  lockDuration: lockMs,
  stalledInterval: Math.ceil(lockMs / 2),
  maxStalledCount: 1_000_000,
});

/** An `error` event without a listener would end the process; the connection heals itself. */
const onError =
  (name: string) =>
  (error: Error): void => {
    console.error(`scheduler: queue ${name}: ${error.message}`);
  };

export function openQueue<Data extends object>(
  definition: JobDefinition<Data>,
  location: QueueLocation,
): JobQueue<Data> {
  const name = queueName(definition);
  const options = {
    defaultJobOptions: {
      attempts: definition.attempts,
      backoff: { type: 'fixed', delay: definition.backoffMs },
      removeOnComplete: definition.keep === 0 ? true : { count: definition.keep },
      removeOnFail: definition.keep === 0 ? true : { count: definition.keep },
    },
  };
  const queue =
    location.redisUrl === undefined
      ? new postgres.Queue<Data>(name, { ...options, connection: postgresConnection(location) })
      : new Queue<Data>(name, { ...options, connection: { url: location.redisUrl } });
  queue.on('error', onError(name));
  return {
    async add(data) {
      const checked = definition.schema.parse(data);
      await (queue as Queue).add(definition.name, checked, { jobId: definition.idOf(checked) });
    },
    close: () => queue.close(),
  };
}

/** Says how far a job has come; whoever watches the queue sees it. */
export type Progress = (standing: object) => void;

/**
 * Takes jobs one by one. A job whose data do not fit the definition is not tried again.
 * @param onFailed called after each attempt that failed
 */
export function openWorker<Data extends object>(
  definition: JobDefinition<Data>,
  location: QueueLocation,
  handle: (data: Data, progress: Progress) => Promise<unknown>,
  onFailed: (data: Data | undefined, error: Error) => void,
): JobWorker {
  const name = queueName(definition);
  const process = async (job: Pick<Job, 'data' | 'updateProgress'>): Promise<unknown> => {
    const parsed = definition.schema.safeParse(job.data);
    if (!parsed.success) throw new UnrecoverableError(`${name}: ${parsed.error.message}`);
    return handle(parsed.data, (standing) => {
      // Whether anyone learns of it does not matter to the work.
      job.updateProgress(standing).catch(() => undefined);
    });
  };
  const worker =
    location.redisUrl === undefined
      ? new postgres.Worker<Data>(name, process, {
          ...workerOptions(location),
          connection: postgresConnection(location),
        })
      : new Worker<Data>(name, process, {
          ...workerOptions(location),
          connection: { url: location.redisUrl },
        });
  worker.on('error', onError(name));
  worker.on('failed', (job, error) => {
    onFailed(job?.data, error);
  });
  return { close: () => worker.close() };
}
