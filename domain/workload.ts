/** What a lease runs: a command with its environment, named on-chain by the hash of its canonical JSON. */
import { keccakText } from './hash.ts';
import { Refusal } from './refusal.ts';
import type { Hex } from './types.ts';

export interface Workload {
  /** Program and arguments; 1 to 256 texts. */
  command: string[];
  env?: Record<string, string>;
}

export const MAX_WORKLOAD_BYTES = 65_536;

/** A workload out of anything. @throws Refusal MALFORMED, TOO_LARGE. */
export function parseWorkload(value: unknown): Workload {
  const { command, env } = (value ?? {}) as { command?: unknown; env?: unknown };
  const fix = 'Send {"command": ["program", "argument"], "env": {"NAME": "value"}}.';
  if (!Array.isArray(command) || command.length === 0 || command.length > 256 || !command.every(isText))
    throw new Refusal('MALFORMED', 'A workload needs a command of 1 to 256 texts.', fix);
  if (command[0] === '') throw new Refusal('MALFORMED', "A workload's program has no name.", fix);
  const workload: Workload = { command };
  if (env !== undefined) {
    if (typeof env !== 'object' || env === null || Array.isArray(env))
      throw new Refusal('MALFORMED', "A workload's environment is a map of texts.", fix);
    const entries = Object.entries(env as Record<string, unknown>);
    const bad = entries.find(([name, text]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || !isText(text));
    if (bad) throw new Refusal('MALFORMED', `The environment entry '${bad[0]}' is not NAME=text.`, fix);
    if (entries.length > 0) workload.env = Object.fromEntries(entries) as Record<string, string>;
  }
  if (canonicalWorkload(workload).length > MAX_WORKLOAD_BYTES)
    throw new Refusal('TOO_LARGE', `A workload has at most ${MAX_WORKLOAD_BYTES} characters.`, 'Shorten it.');
  return workload;
}

/** Keys in order, no spaces: one text per meaning. */
export function canonicalWorkload({ command, env }: Workload): string {
  const names = Object.keys(env ?? {}).sort();
  const ordered = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(env![name])}`);
  return `{"command":${JSON.stringify(command)}${names.length ? `,"env":{${ordered.join(',')}}` : ''}}`;
}

export function workloadHash(workload: Workload): Hex {
  return keccakText(canonicalWorkload(workload));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}
