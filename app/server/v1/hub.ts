/** A server's one event hub. */
import type { ServerContext } from '../context.ts';
import type { EventHub } from './events.ts';
import { createEventHub } from './events.ts';

const hubs = new WeakMap<ServerContext, EventHub>();

export function hubOf(server: ServerContext): EventHub {
  const known = hubs.get(server) ?? createEventHub(server.db, server.databaseUrl);
  hubs.set(server, known);
  return known;
}
