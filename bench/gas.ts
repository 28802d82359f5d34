/** Gas of each operation, on a real chain: of parties that traded before, and of a first trade. */
import { bytesToHex } from '../domain/hash.ts';
import { encodeSettlement, leaseRef, type LeasePage } from '../domain/lease-page.ts';
import { startChain } from '../test/support/chain.ts';
import { random, type Bench } from './bench.ts';
import { buyListPrice, moneyMoves } from './gas/alone.ts';
import { claim } from './gas/claim.ts';
import { floorOf, perItem, type Floor } from './gas/cost.ts';
import { seaportBasic } from './gas/seaport.ts';
import { openWorld, type Party, type Seller, type World } from './gas/world.ts';

const CONSUMERS = 32;
const PROVIDERS = 20;
const PAGES = [1, 10, 64, 100, 200];
/** Of the settlement of 1,000 leases. */
const [SETTLED_PAGES, SETTLED_PROVIDERS, SETTLED_CONSUMERS] = [10, 50, 50];
const PAGE = 100;
const HOUR = 3_600n;

export const bench: Bench = async (seed) => {
  const chain = await startChain();
  try {
    const world = await openWorld(chain, random(seed));
    const committed = await commits(world);
    const settled = await settlements(world);
    const bought = await buyListPrice(world);
    const moved = await moneyMoves(world);
    const claimed = await claim(world);
    const seaport = await seaportBasic(world);
    const { floor, ...commit } = committed.used;
    return {
      measured: MEASURED,
      figures: {
        ...commit,
        ...settled.used,
        ...bought.used,
        ...claimed.used,
        ...moved.used,
        seaportBasic: seaport.used,
        fresh: {
          ...committed.fresh,
          ...settled.fresh,
          ...bought.fresh,
          ...claimed.fresh,
          ...moved.fresh,
          seaportBasic: seaport.fresh,
        },
        floor: { commitPerMatch100: floor, ...settled.floor, ...bought.floor, ...claimed.floor },
      },
    };
  } finally {
    await chain.stop();
  }
};

const MEASURED =
  `gas used on anvil. commit: pages of different orders of ${CONSUMERS} consumers, each against its own ask of ${PROVIDERS} providers, shortlists of 16, header apart; ` +
  `settlePages: ${SETTLED_PAGES} pages of ${PAGE} leases, all due, over ${SETTLED_PROVIDERS} providers and ${SETTLED_CONSUMERS} consumers; one lease alone: of a page of ${PAGE}, with its proof; ` +
  'claim: a wrong winner, with order, winner and rival in trees of 16,384 leaves and the match on a page of 100, told after its announcement. ' +
  'fresh: first trade of its accounts, payout addresses without a balance. floor: intrinsic gas, calldata, recovered signatures, storage and logs of the same transaction, ' +
  'whoever writes the code. seaportBasic: Seaport 1.6 (npm seaport-core 1.6.6, through the IR) sells an ERC-721 for an ERC-20';

interface Commits {
  used: { commitPerMatch100: number; pages: Record<number, number>; header: number; floor: Floor };
  fresh: { commitPerMatch100: number; pages: Record<number, number>; header: number };
}

async function commits(world: World): Promise<Commits> {
  const known = await cast(world, 'known', CONSUMERS, PROVIDERS, Math.max(...PAGES));
  // Everybody trades twice: no balance, nonce or counter is zero afterwards.
  for (let i = 0; i < 2; i += 1)
    await world.commit(Math.max(...PAGES), known.consumers, asksOf(known.sellers));
  const [used, fresh]: [Record<number, number>, Record<number, number>] = [{}, {}];
  const headers: number[] = [];
  let floor: Floor | undefined;
  for (const size of PAGES) {
    const { page, header } = await world.commit(size, known.consumers, asksOf(known.sellers));
    used[size] = Math.round(page.gas / size);
    headers.push(header.gas);
    if (size === PAGE) floor = perItem(await floorOf(world.chain, page, 2 * size), size);
    const name = `new ${size}`;
    const parties = await cast(world, name, Math.min(size, CONSUMERS), Math.min(size, PROVIDERS), size);
    const first = await world.commit(size, parties.consumers, asksOf(parties.sellers));
    fresh[size] = Math.round(first.page.gas / size);
  }
  const header = Math.max(...headers);
  return {
    used: { commitPerMatch100: used[PAGE]!, pages: used, header, floor: floor! },
    fresh: { commitPerMatch100: fresh[PAGE]!, pages: fresh, header },
  };
}

interface Settlement {
  settlePerLease1000x100: number;
  settleSingle: number;
  settleSingleMid: number;
  settleSingleClosed: number;
  closeSingle: number;
}

async function settlements(
  world: World,
): Promise<{ used: Settlement; fresh: Settlement; floor: Record<string, Floor> }> {
  const parties = await cast(world, 'settled', SETTLED_CONSUMERS, SETTLED_PROVIDERS, PAGE);
  const round = async (): Promise<{ figures: Settlement; floor: Record<string, Floor> }> => {
    const pages: LeasePage[] = [];
    for (let i = 0; i < SETTLED_PAGES; i += 1) {
      const { leases } = await world.commit(PAGE, parties.consumers, asksOf(parties.sellers));
      pages.push(leases);
    }
    const alone = await world.commit(PAGE, parties.consumers, asksOf(parties.sellers));
    const single = await settleAlone(world, alone.leases, parties);
    await world.chain.mine((await world.now()) + 2n * HOUR);
    const data = bytesToHex(encodeSettlement(pages));
    const all = await world.call(parties.consumers[0]!, 'leaseBook', 'settlePages', data);
    const count = SETTLED_PAGES * PAGE;
    return {
      figures: { settlePerLease1000x100: Math.round(all.gas / count), ...single.figures },
      floor: {
        settlePerLease1000x100: perItem(await floorOf(world.chain, all, 0), count),
        ...single.floor,
      },
    };
  };
  const fresh = await round();
  const used = await round();
  return { used: used.figures, fresh: fresh.figures, floor: used.floor };
}

/** Four leases of a page, each on its own way: settled at its end, settled midway, closed, settled after the close. */
async function settleAlone(
  world: World,
  page: LeasePage,
  parties: Cast,
): Promise<{ figures: Omit<Settlement, 'settlePerLease1000x100'>; floor: Record<string, Floor> }> {
  const everyone = new Map([...parties.consumers, ...parties.sellers].map((one) => [one.address, one]));
  const payouts = new Map(parties.sellers.map((one) => [one.address, one.payout]));
  // One lease of each of three providers and consumers, so that each figure has parties of its own.
  const refs = [0, 1, 2].map((index) => leaseRef(page, index));
  const [plain, midway, closed] = refs as [LeaseRefOf, LeaseRefOf, LeaseRefOf];
  if (new Set(refs.map(({ lease }) => payouts.get(lease.provider))).size !== refs.length)
    throw new Error('two of the leases pay the same account');
  const anyone = parties.consumers[3]!;
  await world.chain.mine((await world.now()) + HOUR / 2n);
  const provider = everyone.get(midway.lease.provider)!;
  const settleSingleMid = await world.call(provider, 'leaseBook', 'settle', midway);
  const close = await world.call(everyone.get(closed.lease.consumer)!, 'leaseBook', 'close', closed);
  await world.chain.mine((await world.now()) + HOUR);
  const settleSingle = await world.call(anyone, 'leaseBook', 'settle', plain);
  const settleSingleClosed = await world.call(anyone, 'leaseBook', 'settle', closed);
  return {
    figures: {
      settleSingle: settleSingle.gas,
      settleSingleMid: settleSingleMid.gas,
      settleSingleClosed: settleSingleClosed.gas,
      closeSingle: close.gas,
    },
    floor: {
      settleSingle: await floorOf(world.chain, settleSingle, 0),
      settleSingleMid: await floorOf(world.chain, settleSingleMid, 0),
      closeSingle: await floorOf(world.chain, close, 0),
    },
  };
}

type LeaseRefOf = ReturnType<typeof leaseRef>;

interface Cast {
  consumers: Party[];
  sellers: Seller[];
}

/** Funded consumers and providers with `asks` asks together. */
async function cast(
  world: World,
  name: string,
  consumers: number,
  providers: number,
  asks: number,
): Promise<Cast> {
  const made: Cast = { consumers: [], sellers: [] };
  for (let i = 0; i < consumers; i += 1) made.consumers.push(await world.consumer(`${name} consumer ${i}`));
  for (let i = 0; i < providers; i += 1)
    made.sellers.push(await world.seller(`${name} provider ${i}`, Math.ceil(asks / providers)));
  return made;
}

/** The providers' asks, one of each in turn. */
function asksOf(sellers: readonly Seller[]): Seller['asks'] {
  const most = Math.max(...sellers.map(({ asks }) => asks.length));
  return Array.from({ length: most }, (_, n) => sellers.map(({ asks }) => asks[n]!)).flat();
}
