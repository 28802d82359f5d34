import { createPostgresBackend, Queue, UnrecoverableError, Worker, withBackend } from 'bullmq';
import { queueName, type JobDefinition } from './definition.ts';

/** Where jobs live: the database itself, or Redis when it outgrows that. */
export interface QueueLocation {
  databaseUrl: string;
  redisUrl?: string | undefined;
}

export interface JobQueue<Data> {
  /** Adds the job unless one with its id is there already, done or not. */
  add(data: Data): Promise<void>;
  close(): Promise<void>;
}

export interface JobWorker {
  /** Finishes the job at hand, takes no other. */
  close(): Promise<void>;
}

/** How many finished jobs stay, so that a duplicate of a recent one is recognised. */
const KEEP = { count: 2_000 };

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
const WORKER = { concurrency: 1, lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 100 };

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
      backoff: { type: 'exponential', delay: definition.backoffMs },
      removeOnComplete: KEEP,
      removeOnFail: KEEP,
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

/**
 * Takes jobs one by one. A job whose data do not fit the definition is not tried again.
 * @param onFailed called after the last attempt
 */
export function openWorker<Data extends object>(
  definition: JobDefinition<Data>,
  location: QueueLocation,
  handle: (data: Data) => Promise<unknown>,
  onFailed: (data: Data | undefined, error: Error) => void,
): JobWorker {
  const name = queueName(definition);
  const process = async (job: { data: unknown }): Promise<unknown> => {
    const parsed = definition.schema.safeParse(job.data);
    if (!parsed.success) throw new UnrecoverableError(`${name}: ${parsed.error.message}`);
    return handle(parsed.data);
  };
  const worker =
    location.redisUrl === undefined
      ? new postgres.Worker<Data>(name, process, { ...WORKER, connection: postgresConnection(location) })
      : new Worker<Data>(name, process, { ...WORKER, connection: { url: location.redisUrl } });
  worker.on('error', onError(name));
  worker.on('failed', (job, error) => {
    onFailed(job?.data, error);
  });
  return { close: () => worker.close() };
}
