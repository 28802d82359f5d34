/** The lines in which this process takes messages, one for each kind. */
import type { Accepted } from '../intake.ts';
import type { ServerContext } from '../context.ts';
import { createLine } from './intake-line.ts';

interface Lines {
  order(input: unknown): Promise<Accepted>;
  ask(input: unknown): Promise<Accepted>;
}

const lines = new WeakMap<ServerContext, Lines>();

export function linesOf(server: ServerContext): Lines {
  const known = lines.get(server);
  if (known !== undefined) return known;
  const made = {
    order: createLine((inputs) => server.intake.acceptOrders(inputs)),
    ask: createLine((inputs) => server.intake.acceptAsks(inputs)),
  };
  lines.set(server, made);
  return made;
}
