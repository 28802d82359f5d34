import { setTimeout as sleep } from 'node:timers/promises';
import type { Intake } from '../../app/server/intake.ts';
import type { Parameters } from '../../domain/parameters.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';
import { signAsk, signOrder } from '../scheduler/market.ts';

/** Names of accounts in `test/scheduler/market.ts`. */
export const CONSUMERS = ['carol', 'chen', 'chris', 'clara', 'cyril', 'cora'];

/** An order that the gateway promised a slot. */
export interface PromisedOrder {
  id: Hex;
  slot: bigint;
  validUntil: bigint;
  latestStart: bigint;
}

export interface TradersOptions {
  intake: Intake;
  domain: SigningDomain;
  parameters: Parameters;
  nodes: readonly { provider: string; id: Hex }[];
  now: () => bigint;
  random: () => number;
}

/** Consumers that bid and providers that offer in every slot, through the gateway. */
export async function startTraders({ intake, domain, parameters, nodes, now, random }: TradersOptions) {
  const promised: PromisedOrder[] = [];
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const tail = BigInt(parameters.slotSeconds + parameters.commitDeadlineSeconds);
  let nonce = 0n;
  let stopped = false;

  const { hash: workload } = await intake.putWorkload({ command: ['true'] });

  const ask = (): SignedAsk => {
    const { provider, id } = pick(nodes);
    nonce += 1n;
    const validUntil = now() + BigInt(between(10, 30));
    const reservePrice = BigInt(between(1_000_000, 2_000_000));
    const fields = { supply: id, cards: between(1, 4), reservePrice, nonce, validUntil };
    const { ask: message, signature } = signAsk(domain, provider, fields, now());
    return { ask: message, signature };
  };

  const order = (): SignedOrder => {
    nonce += 1n;
    const validUntil = now() + BigInt(between(6, 40));
    const {
      order: message,
      classes,
      signature,
    } = signOrder(
      domain,
      pick(CONSUMERS),
      {
        cards: between(1, 3),
        startPrice: BigInt(between(1_400_000, 3_000_000)),
        nonce,
        duration: between(10, 40),
        validUntil,
        latestStart: validUntil + tail,
        workload,
      },
      now(),
    );
    return { order: message, classes, signature };
  };

  const trade = async (): Promise<void> => {
    await intake.acceptAsks(Array.from({ length: between(1, 4) }, ask));
    const orders = Array.from({ length: between(1, 3) }, order);
    const answers = await intake.acceptOrders(orders);
    for (const [i, answer] of answers.entries()) {
      const signed = orders[i];
      if (!answer.ok || signed === undefined) continue;
      const { validUntil, latestStart } = signed.order;
      promised.push({ id: answer.value.id, slot: answer.value.receipt.slot, validUntil, latestStart });
    }
  };

  const run = async (): Promise<void> => {
    let last = 0n;
    while (!stopped) {
      const slot = now() / BigInt(parameters.slotSeconds);
      if (slot !== last) {
        last = slot;
        await trade();
      }
      await sleep(20);
    }
  };
  const running = run();
  running.catch(() => undefined);

  return {
    promised,
    /** @throws Error that broke the trade meanwhile; a refusal is none */
    async stop(): Promise<void> {
      stopped = true;
      await running;
    },
  };
}
