import { RpcTrouble } from './rpc.ts';
import { Behind, Lie } from './endpoints.ts';
import type { Header } from './header.ts';
import type { ChainReader } from './reader.ts';

/** What the nodes say of a block of ours: `stands`: no more of them have another in its place than have it; `short`: none has any. */
export type Standing = 'stands' | 'left' | 'short';

/** A node that is so far behind lags; less is how nodes are. */
const LAG_BLOCKS = 8n;

/**
 * Asks every node for a block of ours, and notes who contradicts the others, so that those who are right are asked first. Of two nodes that
 * contradict each other, the one that has our block counts as right until both have left it.
 */
export async function standingOf(reader: ChainReader, ours: Header): Promise<Standing> {
  const { endpoints } = reader;
  const names = endpoints.health();
  const answers = await endpoints.each(async (endpoint) => ({
    at: await reader.headerAt(endpoint, ours.number),
    head: await reader.headOf(endpoint),
  }));
  const votes = answers.flatMap((answer, index) => {
    const { name = '', state } = names[index] ?? {};
    if (state === 'foreign') return [];
    if (answer.status === 'fulfilled') return [{ name, ...answer.value }];
    const { reason } = answer as { reason: unknown };
    if (reason instanceof RpcTrouble || reason instanceof Lie || reason instanceof Behind) return [];
    throw reason;
  });
  const same = votes.filter(({ at }) => at?.hash === ours.hash);
  const other = votes.filter(({ at }) => at !== null && at.hash !== ours.hash);
  const stands = same.length > 0 && same.length >= other.length;
  for (const { name, at, head } of votes) {
    const agrees = at === null || (at.hash === ours.hash) === stands;
    if (at === null && same.length > 0 && head.number + LAG_BLOCKS < ours.number)
      endpoints.judge(
        name,
        'lagging',
        head.number,
        `it is at block ${head.number}, others have ${ours.number}`,
      );
    else if (agrees) endpoints.judge(name, 'good', head.number, '');
    else
      endpoints.judge(
        name,
        'odd',
        head.number,
        `its block ${ours.number} is ${at.hash}, others have another`,
      );
  }
  if (stands) return 'stands';
  return other.length > 0 || same.length > 0 ? 'left' : 'short';
}
