import { changePayload, CHAIN_CHANNEL } from '../../prisma/listen.ts';
import type { Header } from '../chain/reader.ts';
import type { Changes } from '../fold/rows.ts';
import type { Statement } from './tables.ts';

/**
 * Tells who listens which nodes a batch changed: their own rows, their leases, their provider, or its cancelled listings.
 * @param takenBack rows are deleted without what they held, so all nodes count as changed
 */
export function announce(changes: Changes, newest: Header | undefined, takenBack: boolean): Statement {
  const nodes = new Set<string>();
  const providers = new Set<string>();
  for (const { id } of [...changes.node.upserts, ...changes.node.deletes]) nodes.add(String(id));
  for (const { node } of changes.lease.upserts) nodes.add(String(node));
  for (const { address } of changes.provider.upserts) providers.add(String(address));
  for (const { kind, account } of changes.used_nonce.upserts)
    if (kind === 'listing') providers.add(String(account));
  const payload = changePayload({
    nodes: takenBack ? null : [...nodes],
    providers: [...providers],
    time: newest?.timestamp.toString(),
  });
  return {
    name: 'announce',
    text: 'SELECT pg_notify($1, $2)',
    values: [CHAIN_CHANNEL, payload] as unknown as unknown[][],
  };
}
