import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Ask, Order } from '../../domain/types.ts';
import type { Inputs } from '../../scheduler/slot/inputs.ts';
import { addressOf, openBookWorld, SLOT_SECONDS, type Replica, type Sealing } from './book-world.ts';

let world: Awaited<ReturnType<typeof openBookWorld>>;
beforeAll(async () => {
  world = await openBookWorld();
});
beforeEach(() => world.reset());
afterAll(() => world.close());

const FIRST = 100n;

const sealing = fc.constantFrom<Sealing>('sealed', 'sealed', 'bare', 'forged');
const lasts = fc.constantFrom(0n, 1n, 5n);
const which = fc.nat(100);
const step = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), sealing, lasts, late: fc.boolean() }),
  fc.record({ kind: fc.constant('ask' as const), sealing, lasts, node: fc.nat(1) }),
  fc.record({ kind: fc.constant('cancelOrder' as const), which }),
  fc.record({ kind: fc.constant('cancelAsk' as const), which }),
  fc.record({ kind: fc.constant('raiseEpoch' as const), node: fc.nat(1) }),
  fc.record({ kind: fc.constant('reorganise' as const), depth: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('readAhead' as const), waits: fc.boolean() }),
  fc.record({ kind: fc.constant('close' as const), again: fc.boolean(), idle: fc.nat(2) }),
  fc.record({ kind: fc.constant('close' as const), again: fc.boolean(), idle: fc.nat(2) }),
);

describe('a book that was read as its rows came', () => {
  it('itemsOf_areThoseOfABookReadAtTheClose_whateverCameInBetween', async () => {
    let carried = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        await world.reset();
        await world.mine(FIRST * SLOT_SECONDS, world.events.nodes);
        const early = world.replica();
        const seldom = world.replica();
        const orders: Order[] = [];
        const asks: Ask[] = [];
        const reading: Promise<unknown>[] = [];
        let slot = FIRST;
        let mined = 0n;
        // A timestamp never goes back.
        const mine = (events: Parameters<typeof world.mine>[1]): Promise<void> =>
          world.mine(slot * SLOT_SECONDS + (mined < SLOT_SECONDS - 1n ? ++mined : mined), events);
        for (const next of steps) {
          switch (next.kind) {
            case 'order':
              orders.push(await world.order(next.late ? slot - 1n : slot, next.lasts, next.sealing));
              break;
            case 'ask':
              asks.push((await world.ask(slot, next.lasts, next.node, next.sealing)).ask);
              break;
            case 'cancelOrder':
              if (orders.length > 0)
                await mine([world.events.cancelOrder(orders[next.which % orders.length]!)]);
              break;
            case 'cancelAsk':
              if (asks.length > 0) await mine([world.events.cancelAsk(asks[next.which % asks.length]!)]);
              break;
            case 'raiseEpoch':
              await mine([world.events.raiseEpoch(next.node)]);
              break;
            case 'reorganise':
              for (const timestamp of await world.reorganise(next.depth)) await world.mine(timestamp);
              break;
            case 'readAhead': {
              const ahead = early.book.readAhead(world.pool);
              if (next.waits) await ahead;
              else reading.push(ahead);
              break;
            }
            case 'close': {
              await world.giveUp(slot - 1n);
              await world.mine((slot + 1n) * SLOT_SECONDS);
              const fresh = await world.replica().read(slot);
              expect(sameInputs(await early.read(slot))).toEqual(sameInputs(fresh));
              if (next.again) expect(sameInputs(await seldom.read(slot))).toEqual(sameInputs(fresh));
              // A job that is run a second time, after a later slot or not.
              const before = slot > FIRST && next.again ? slot - 1n : slot;
              expect(sameInputs(await early.read(before))).toEqual(
                sameInputs(await world.replica().read(before)),
              );
              carried += fresh.items.orders.filter((item) => item.slot < slot).length;
              await world.giveUp(slot);
              // Slots without a block have the closing block of the one before.
              slot += 1n + BigInt(next.idle);
              mined = -1n;
            }
          }
        }
        await Promise.all(reading);
      }),
      { numRuns: 20 },
    );
    // Else it would have compared nothing.
    expect(carried).toBeGreaterThan(0);
  }, 240_000);

  it('itemsOf_holdsARowThatBecameVisibleAfterALaterOne', async () => {
    const { early } = await opened();
    await world.order(FIRST + 1n, 5n, 'sealed');
    // As a writer has it that takes no lock: the number is drawn, others are drawn and read, then its row is there.
    await world.pool.query('UPDATE "order" SET seq = seq + 1000');
    await early.book.readAhead(world.pool);
    await world.order(FIRST + 1n, 5n, 'sealed');
    await world.mine((FIRST + 2n) * SLOT_SECONDS);
    expect((await early.read(FIRST + 1n)).items.orders).toHaveLength(2);
  });
});

describe('who signed a stored message', () => {
  it('signer_ofASealedRowIsWhomTheGatewayFound_withoutASecondRecovery', async () => {
    const { early } = await opened();
    // No gateway finds the consumer for this signature: who recovers again sees another.
    await world.order(FIRST + 1n, 5n, 'sealed', 'mallory', 'consumer');
    await world.mine((FIRST + 2n) * SLOT_SECONDS);
    const { items } = await early.read(FIRST + 1n);
    expect(items.orders.map(({ signer }) => signer)).toEqual([addressOf('consumer')]);
  });

  it('signer_ofARowThatTheDatabaseAloneVouchesForIsRecovered', async () => {
    const { early } = await opened();
    await world.order(FIRST + 1n, 5n, 'forged', 'mallory');
    await world.order(FIRST + 1n, 5n, 'bare', 'mallory');
    // A true seal, of another order or over another signature, is as good as none.
    const stolen = await world.order(FIRST + 1n, 5n, 'sealed', 'mallory');
    await world.pool.query('UPDATE "order" SET signer = $1 WHERE (message->$2->>$3) = $4', [
      addressOf('consumer'),
      'order',
      'nonce',
      String(stolen.nonce),
    ]);
    await world.mine((FIRST + 2n) * SLOT_SECONDS);
    const { items } = await early.read(FIRST + 1n);
    expect(items.orders.map(({ signer }) => signer)).toEqual(Array(3).fill(addressOf('mallory')));
  });
});

/** A replica that has seen one slot close, so that it reads ahead. */
async function opened(): Promise<{ early: Replica }> {
  const early = world.replica();
  await world.mine(FIRST * SLOT_SECONDS);
  await world.mine((FIRST + 1n) * SLOT_SECONDS);
  await early.read(FIRST);
  await world.giveUp(FIRST);
  return { early };
}

/** Everything that a slot is made of, but for the state, which is the chain's. */
function sameInputs({ closing, items, receipts }: Inputs): object {
  return { closing, items, receipts };
}
