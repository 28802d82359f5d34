/** What a provider allows its nodes to join: the variable CLUSTERS; without it, nothing. */
import { z } from 'zod';
import { Refusal } from '../../domain/refusal.ts';
import type { ClusterTerms } from './terms.ts';

export interface ClusterConfig {
  terms: ClusterTerms;
  /** Where other agents reach the port that answers pings; as announced. */
  host: string;
  /** Address that it listens on, and UDP port; 0 for one that the system chooses. */
  listen: string;
  port: number;
}

const FORM = `{"classes": ["L4-24G"], "longestCycle": 3600, "mostMembers": 8, "gainBps": 0, "host": "203.0.113.7", "port": 7700}, each of them optional`;

const schema = z.strictObject({
  classes: z.array(z.string().min(1)).nullable().default(null),
  longestCycle: z.number().int().min(1).max(172_800).default(7_200),
  mostMembers: z.number().int().min(2).max(16).default(16),
  gainBps: z.number().int().min(0).max(1_000_000).default(0),
  host: z.string().min(1).default('127.0.0.1'),
  listen: z.string().min(1).default('0.0.0.0'),
  port: z.number().int().min(0).max(65_535).default(0),
});

/** @throws Refusal ENVIRONMENT */
export function readClusterConfig(env: Record<string, string | undefined>): ClusterConfig | null {
  const text = env['CLUSTERS'];
  if (text === undefined || text === '') return null;
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Refused below.
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new Refusal(
      'ENVIRONMENT',
      'The environment variable CLUSTERS is unreadable.',
      `Set it to ${FORM}, or unset it to join no clusters.`,
    );
  const { host, listen, port, ...terms } = parsed.data;
  return { terms, host, listen, port };
}
