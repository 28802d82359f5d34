/** Log lines as JSON, one a line, each with the request that it belongs to. */
import { AsyncLocalStorage } from 'node:async_hooks';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

const requests = new AsyncLocalStorage<string>();

/** Runs the work of one request: what it logs names it. */
export function inRequest<T>(requestId: string, work: () => T): T {
  return requests.run(requestId, work);
}

/** LOG_LEVEL says from which level on; info when it is left out. */
export function log(level: Level, message: string, more: Record<string, unknown> = {}): void {
  const from = LEVELS.indexOf((process.env['LOG_LEVEL'] ?? 'info') as Level);
  if (LEVELS.indexOf(level) < Math.max(0, from)) return;
  const requestId = requests.getStore();
  const line = {
    at: new Date().toISOString(),
    level,
    message,
    ...(requestId === undefined ? {} : { requestId }),
    ...more,
  };
  process[level === 'error' ? 'stderr' : 'stdout'].write(`${JSON.stringify(line)}\n`);
}

/** What an error says of itself, for the log alone. */
export function errorFields(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}
