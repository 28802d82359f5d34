import pg from 'pg';
import { changePayload, CHAIN_CHANNEL } from '../../prisma/listen.ts';
import type { Header } from '../chain/header.ts';
import type { Changes } from '../fold/rows.ts';

/**
 * A statement that tells who listens which nodes a batch changed: their own rows, their leases, their provider, or its cancelled
 * listings.
 * @param all rows are deleted without what they held, so all nodes count as changed
 */
export function announcement(changes: Changes, newest: Header | undefined, all: boolean): string {
  const nodes = new Set<string>();
  const providers = new Set<string>();
  for (const { id } of [...changes.node.upserts, ...changes.node.deletes]) nodes.add(String(id));
  for (const { node } of changes.lease.upserts) nodes.add(String(node));
  for (const { address } of changes.provider.upserts) providers.add(String(address));
  for (const { kind, account } of changes.used_nonce.upserts)
    if (kind === 'listing') providers.add(String(account));
  const payload = changePayload({
    nodes: all ? null : [...nodes],
    providers: [...providers],
    time: newest?.timestamp.toString(),
  });
  return `SELECT pg_notify('${CHAIN_CHANNEL}', ${pg.escapeLiteral(payload)})`;
}
