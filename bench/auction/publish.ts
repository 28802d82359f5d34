/** What an honest scheduler and the chain leave of a cleared slot, for its verification. */
import { bytesToHex, keccakText } from '../../domain/hash.ts';
import { encodePage, matchRoot } from '../../domain/page.ts';
import { PAGE_MATCHES, slotEnd } from '../../domain/parameters.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';
import { packMatches } from '../../test/domain/pack-matches.ts';
import type { VerifyJob } from './job.ts';
import { CLOSE_BLOCK, DOMAIN, GATEWAY, PARAMETERS, SLOT, type World } from './world.ts';

export function jobOf(world: World, cleared: ClearedSlot): VerifyJob {
  const end = slotEnd(SLOT, PARAMETERS);
  const groups = Array.from({ length: Math.ceil(cleared.matches.length / PAGE_MATCHES) }, (_, page) =>
    cleared.matches.slice(page * PAGE_MATCHES, (page + 1) * PAGE_MATCHES),
  );
  const header = { ...cleared.header, pageCount: groups.length };
  const event = (blockNumber: bigint, logIndex: number, name: string, args: object): MarketEvent => ({
    blockNumber,
    logIndex,
    name,
    args: { slot: SLOT, ...args },
  });
  const scheduler = GATEWAY;
  const committed = event(CLOSE_BLOCK + 2n, 0, 'SlotCommitted', { scheduler, header });
  const pages = groups.map((matches, page) =>
    event(CLOSE_BLOCK + 3n, page, 'PageCommitted', {
      page,
      pageId: BigInt(2 ** 32 + page),
      start: end + 4n,
      matchRoot: matchRoot(matches.map((match) => match.leaf)),
      ...packMatches(matches),
    }),
  );
  const block = (number: bigint, timestamp: bigint, hash: Hex = keccakText(`block ${number}`)) => ({
    number,
    timestamp,
    hash,
  });
  return {
    slot: SLOT,
    domain: DOMAIN,
    parameters: PARAMETERS,
    header,
    scheduler,
    committedIn: block(CLOSE_BLOCK + 2n, end + 3n),
    closing: block(CLOSE_BLOCK, end - 1n),
    next: block(CLOSE_BLOCK + 1n, end, world.seed),
    manifest: bytesToHex(cleared.manifest),
    pages: groups.map((matches) => bytesToHex(encodePage(matches))),
    stateAtClose: world.state,
    stateNow: structuredClone(world.state),
    events: [committed, ...pages],
  };
}
