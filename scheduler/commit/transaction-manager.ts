import type { InterfaceAbi, JsonRpcProvider } from 'ethers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Hex } from '../../domain/types.ts';
import type { StepListener } from '../steps.ts';
import { createIntentStore, type Intent } from './intent-store.ts';
import { createOutcomes, type Mined } from './outcome.ts';
import { createPursuit } from './pursuit.ts';
import { createTransactionSigner, type Call } from './signing.ts';

/** Not mined within the time given; sending again continues with the stored bytes. */
export class TransactionPending extends Error {
  readonly effects: string[];
  readonly retryable = true;
  constructor(effects: string[], cause?: unknown) {
    super(`not mined yet: ${effects.join(', ')}`, { cause });
    this.effects = effects;
  }
}

export interface TransactionManagerOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  chainId: number;
  /** Hex private key of the one account that sends. */
  key: Hex;
  /** ABIs whose custom errors may come back. */
  errorAbis: readonly InterfaceAbi[];
  /** Called after each broadcast; a replay mines its block here. */
  onBroadcast?: (() => Promise<void>) | undefined;
  onStep?: StepListener | undefined;
  /** Milliseconds between looks for receipts. */
  pollMs?: number;
  /** Milliseconds without a receipt after which everything that the chain lacks is sent again. */
  resendAfterMs?: number;
  /** Milliseconds without a receipt after which the fee is raised. */
  bumpAfterMs?: number;
  /** Milliseconds after which `send` gives up waiting with `TransactionPending`. */
  timeoutMs?: number;
}

/**
 * One account, many effects, at-least-once callers in several processes. Intent, nonce and signed bytes are stored before the
 * broadcast; the same bytes are sent again until they are mined; a stuck fee is raised by replacement; what a reorganisation
 * takes out is sent again. An effect may reach the chain twice when the account's nonces are used elsewhere too: it must be one that
 * does nothing the second time.
 */
export interface TransactionManager {
  readonly address: Hex;
  /** Whether an effect has stored bytes. */
  has(effect: string): Promise<boolean>;
  /** Signs what is new with consecutive nonces, broadcasts all, waits for all. Results in the order of `calls`. */
  send(calls: readonly Call[]): Promise<Mined[]>;
  /** Sends again whatever the chain lacks; returns how many intents that were. */
  resume(): Promise<number>;
}

export function createTransactionManager(options: TransactionManagerOptions): TransactionManager {
  const { pool, provider, chainId } = options;
  const signer = createTransactionSigner(provider, chainId, options.key);
  const store = createIntentStore(pool, signer.address);
  const outcomes = createOutcomes(provider, signer.address, options.errorAbis);
  const pollMs = options.pollMs ?? 100;
  const bumpAfterMs = options.bumpAfterMs ?? 30_000;
  const resendAfterMs = options.resendAfterMs ?? Math.min(3_000, bumpAfterMs);
  const timeoutMs = options.timeoutMs ?? 120_000;
  const onStep = options.onStep ?? ((): void => undefined);
  const pursuit = createPursuit({
    store,
    signer,
    outcomes,
    provider,
    bumpAfterMs,
    onBroadcast: options.onBroadcast,
    onSent: () => onStep('broadcast', null),
  });

  /** One look: what is mined is taken out of `waiting`. */
  const collect = async (waiting: Map<string, Intent>, mined: Map<string, Mined>): Promise<void> => {
    const look = async (intent: Intent): Promise<void> => {
      const receipt = await outcomes.receiptOf(intent);
      if (receipt === null) return;
      mined.set(intent.effect, await outcomes.minedFrom(intent, receipt));
      waiting.delete(intent.effect);
    };
    await Promise.all([...waiting.values()].map(look));
  };

  const note = async (mined: readonly Mined[], before: ReadonlyMap<string, Intent>): Promise<void> => {
    for (const state of ['mined', 'failed'] as const) {
      const effects = mined
        .filter(({ reverted }) => (reverted === null) === (state === 'mined'))
        .filter(({ effect }) => before.get(effect)?.state !== state)
        .map(({ effect }) => effect);
      if (effects.length > 0) await store.mark(effects, state);
    }
  };

  /** Waits until all are mined. */
  const waitFor = async (intents: readonly Intent[]): Promise<Map<string, Mined>> => {
    const before = new Map(intents.map((intent) => [intent.effect, intent]));
    const waiting = new Map(before);
    const mined = new Map<string, Mined>();
    const started = Date.now();
    let pushAt = started + resendAfterMs;
    for (;;) {
      await collect(waiting, mined);
      if (waiting.size === 0 || Date.now() - started > timeoutMs) break;
      if (Date.now() < pushAt) {
        await sleep(pollMs);
        continue;
      }
      await pursuit.push();
      // Dearer bytes, a new nonce, or what another process made of it.
      for (const intent of await store.find([...waiting.keys()])) waiting.set(intent.effect, intent);
      pushAt = Date.now() + resendAfterMs;
    }
    onStep('mined', null);
    await note([...mined.values()], before);
    onStep('noted', null);
    if (waiting.size > 0) throw new TransactionPending([...waiting.keys()]);
    return mined;
  };

  return {
    address: signer.address,

    async has(effect) {
      return (await store.find([effect])).length > 0;
    },

    async send(calls) {
      const byEffect = new Map(calls.map((call) => [call.effect, call]));
      const [fee, free] = await Promise.all([signer.price(), pursuit.firstFree()]);
      const intents = await store.reserve([...byEffect.keys()], free, (effect, nonce) =>
        signer.call(byEffect.get(effect) as Call, nonce, fee),
      );
      onStep('reserved', null);
      // Another caller's bytes that never left, or that a reorganisation took out, hold a lower nonce, and ours would wait for it for ever.
      const ours = new Set(intents.map((intent) => intent.effect));
      const open = await store.from(free);
      await pursuit.broadcast(open.filter((intent) => intent.state !== 'sent' || ours.has(intent.effect)));
      onStep('sent', null);
      const mined = await waitFor(intents);
      return calls.map((call) => mined.get(call.effect) as Mined);
    },

    async resume() {
      return (await pursuit.push()).length;
    },
  };
}
