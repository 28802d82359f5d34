/** Streams of events (server-sent): slots, leases with their heartbeats, logs. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import type { ServerContext } from '../../context.ts';
import { owned } from '../access.ts';
import { hubOf } from '../hub.ts';
import { partiesOf } from '../reads/leases.ts';
import type { Input } from '../declaration.ts';
import { route } from '../declaration.ts';
import { settingsOf } from '../settings.ts';
import { addressIn, integerIn } from '../texts.ts';
import type { Topic } from '../events.ts';

const tag = 'Events';
const media = 'text/event-stream';

type Any = Pick<Input<unknown, unknown, unknown>, 'server' | 'who' | 'from'>;
const streamOf = ({ server, who, from }: Any, topics: Topic[], lastSeq?: number) => {
  const caller = settingsOf(server).rateFactor === 0 ? null : (who.account ?? from);
  return Promise.resolve(hubOf(server).stream(topics, caller, lastSeq));
};
const parties = ({ db }: ServerContext, { id }: Record<string, unknown>) => partiesOf(db, id as bigint);

export const eventRoutes = {
  'GET /events/slots': route({
    tag,
    media,
    access: 'anyone',
    rate: 'stream',
    summary: 'Every change of a slot: `slot` with its row; `reset` when changes may have been missed',
    handler: (input) => streamOf(input, ['slots']),
  }),
  'GET /events/leases': route({
    tag,
    media,
    access: 'anyone',
    rate: 'stream',
    summary:
      'Every change of an account’s leases, or of one, heartbeats too: `lease` with its view, `gone`, `reset`',
    query: z.strictObject({ account: addressIn.optional(), id: integerIn.optional() }),
    async handler(input) {
      const { account, id } = input.query;
      const topics: Topic[] = [];
      if (account !== undefined) topics.push(`account ${account}`);
      if (id !== undefined) topics.push(`lease ${id}`);
      if (topics.length === 0)
        throw new Refusal('MALFORMED', 'Whose leases are wanted is not said.', 'Add ?account=0x… or ?id=….');
      return streamOf(input, topics);
    },
  }),
  'GET /events/leases/{id}/log': route({
    tag,
    media,
    access: owned('logs:read', parties, ['operator']),
    rate: 'stream',
    summary: 'What a lease’s command writes, from its beginning or after Last-Event-ID; for its parties',
    path: z.strictObject({ id: integerIn }),
    handler(input) {
      const last = input.headers['last-event-id'];
      const seq = last !== undefined && /^[0-9]{1,9}$/.test(last) ? Number(last) : -1;
      return streamOf(input, [`log ${input.path.id}`], seq);
    },
  }),
};
