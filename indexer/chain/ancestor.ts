import type { Store } from '../store/store.ts';
import type { Header } from './header.ts';
import { replaced } from './identity.ts';
import type { ChainReader } from './reader.ts';

const FIRST_LOOK = 8;
const LONGEST_LOOK = 1_024;

/**
 * The highest indexed block that the chain still has. Looks back in growing steps: forks are short, as a rule.
 *
 * @throws Refusal CHAIN_REPLACED when it has none of them, so that not even the deployment is left
 */
export async function commonAncestor(store: Store, reader: ChainReader, cursor: Header): Promise<Header> {
  let below = cursor.number;
  for (let count = FIRST_LOOK; ; count = Math.min(count * 8, LONGEST_LOOK)) {
    const ours = await store.blocks(below, count);
    const theirs = await reader.headers(ours.map((block) => block.number));
    const shared = ours.find((block, index) => theirs[index]?.hash === block.hash);
    if (shared !== undefined) return shared;
    const lowest = ours.at(-1);
    if (lowest === undefined) throw replaced('none of the blocks that the database knows is on it');
    below = lowest.number - 1n;
  }
}
