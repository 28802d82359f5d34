/** `list` in pages: statuses of the ids after the one that the agent names, in ascending order. */
import { PluginError } from './errors.ts';
import type { LeaseStatus, Result } from './protocol.ts';

const PAGE = 500;

/** @param ids ascending */
export async function pageOf(
  ids: string[],
  after: string | undefined,
  statusOf: (id: string) => Promise<LeaseStatus>,
): Promise<Result<'list'>> {
  const from = after === undefined ? 0 : ids.findIndex((id) => id > after);
  if (from < 0) return { leases: [] };
  const page = ids.slice(from, from + PAGE);
  const statuses = await Promise.all(page.map((id) => statusOf(id).catch(unlessReleased)));
  const leases = statuses.filter((status) => status !== null);
  const last = page.at(-1);
  return { leases, ...(last !== undefined && from + PAGE < ids.length ? { next: last } : {}) };
}

/** A lease that was released meanwhile is simply not there. */
function unlessReleased(error: unknown): null {
  if (error instanceof PluginError && error.kind === 'UNKNOWN_LEASE') return null;
  throw error;
}
