import { z } from 'zod';
import type { Hex } from '../domain/types.ts';
import { STEPS } from './steps.ts';

const key = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, 'must be a 32-byte hex private key')
  .transform((text) => text as Hex);
const milliseconds = z.coerce.number().int().min(10).max(60_000);

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  RPC_URL: z.string().url(),
  DEPLOYMENT_FILE: z.string().min(1),
  SCHEDULER_KEY: key,
  /** Jobs live in Redis when it is set, else in the database. */
  REDIS_URL: z.string().optional(),
  /** Milliseconds between looks at the chain's clock. */
  SCHEDULER_POLL_MS: milliseconds.default(500),
  /** Blocks behind the head at which a slot counts as there for good. */
  CONFIRM_BLOCKS: z.coerce.number().int().min(0).max(1_000).default(12),
  /** Milliseconds after which unmined transactions are sent again, and after which they get a higher fee. */
  RESEND_MS: milliseconds.default(3_000),
  BUMP_MS: milliseconds.default(30_000),
  /** Milliseconds of silence after which another worker takes up a killed one's job. */
  JOB_LOCK_MS: milliseconds.default(5_000),
  /** Slots of a cycle after which clusters are decided anew; 0 for no clusters. */
  CLUSTER_CYCLE_SLOTS: z.coerce.number().int().min(0).max(86_400).default(360),
  /** Largest measured round trip between two members of a cluster, microseconds. */
  CLUSTER_REACH_MICROS: z.coerce.number().int().min(1).max(1_000_000).default(2_000),
  /** Milliseconds that a decision on clusters may take. */
  CLUSTER_BUDGET_MS: milliseconds.default(1_000),
  /** The trained policy; the one that ships when left out. */
  CLUSTER_POLICY: z.string().min(1).optional(),
  /** Kills the process at this step, for tests. */
  CARDHOUR_CRASH_AT: z.enum(STEPS).optional(),
  /** Liveness, readiness and metrics over HTTP when set. */
  METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  /** 1 when a supervisor started us: its end is ours. */
  CARDHOUR_SUPERVISED: z.enum(['0', '1']).default('0'),
});

export type Environment = z.infer<typeof schema>;

/**
 * The scheduler's settings.
 * @throws Error that names in one sentence what is missing or wrong, and the fix
 */
export function readEnvironment(source: Record<string, string | undefined>): Environment {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')} (${issue.message})`).join(', ');
  throw new Error(
    `The scheduler's environment lacks or has wrong: ${wrong}; set them, or start everything with "npm start".`,
  );
}
