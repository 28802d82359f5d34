import type { JsonRpcProvider } from 'ethers';
import type { Intent, IntentStore } from './intent-store.ts';
import type { Outcomes } from './outcome.ts';
import { rpcError } from './revert.ts';
import { isFill, type TransactionSigner } from './signing.ts';

/** Most nonces that one look fills. */
const FILLS = 16;

/**
 * What nodes (Geth, Reth, Erigon, Nethermind, Besu) say of a transaction that they have, had, or have a dearer one for: the receipts
 * tell the rest.
 */
const HARMLESS = new RegExp(
  [
    'already ?(known|imported)',
    'known transaction',
    'existing tx with same hash',
    'nonce (is )?too low',
    'old ?nonce',
    'nonce has already been used',
    'replacement .*underpriced',
    'could not replace',
  ].join('|'),
  'i',
);

/** The base fee has risen above what the bytes offer. */
const TOO_CHEAP = /(max fee per gas|fee cap) less than block base fee|transaction underpriced/i;

export interface PursuitOptions {
  store: IntentStore;
  signer: TransactionSigner;
  outcomes: Outcomes;
  provider: JsonRpcProvider;
  /** Milliseconds that bytes may lie unmined before their fee is raised, and that a node must insist before we believe that a nonce is lost. */
  bumpAfterMs: number;
  onBroadcast?: (() => Promise<void>) | undefined;
  onSent: () => void;
}

/** Gets stored intents into the chain, whoever stored them. */
export interface Pursuit {
  /** How many transactions of the account the chain has: the first nonce that is free there. */
  firstFree(): Promise<number>;
  broadcast(intents: readonly Intent[]): Promise<void>;
  /**
   * One look at everything that the chain lacks: sends it again, raises fees that lie too long, takes new nonces for what lost
   * its own, fills nonces that nobody holds. Returns the intents that it sent.
   */
  push(): Promise<Intent[]>;
}

/** A state that must last: the time at which each key was first seen in it. */
function createPatience(forMs: number) {
  const since = new Map<string, number>();
  return {
    /** Whether `key` has been so for long enough. */
    isOver(key: string): boolean {
      const now = Date.now();
      const first = since.get(key) ?? now;
      since.set(key, first);
      return now - first >= forMs;
    },
    /** Forgets all but these. */
    keep(keys: ReadonlySet<string>): void {
      for (const key of since.keys()) if (!keys.has(key)) since.delete(key);
    },
  };
}

export function createPursuit(options: PursuitOptions): Pursuit {
  const { store, signer, outcomes, provider } = options;
  const unmined = createPatience(options.bumpAfterMs);
  const lost = createPatience(options.bumpAfterMs);
  const holes = createPatience(options.bumpAfterMs);

  const firstFree = (): Promise<number> => provider.getTransactionCount(signer.address, 'latest');

  const sendBytes = async (intent: Intent): Promise<void> => {
    try {
      await provider.send('eth_sendRawTransaction', [intent.raw]);
    } catch (error) {
      const { message } = rpcError(error);
      if (HARMLESS.test(message)) return;
      throw new Error(`broadcast of ${intent.effect} refused: ${message}`, { cause: error });
    }
  };

  /** Bytes that no block takes any more are replaced at once. */
  const sendOrRaise = async (intent: Intent): Promise<void> => {
    try {
      await sendBytes(intent);
    } catch (error) {
      if (!(error instanceof Error && TOO_CHEAP.test(error.message))) throw error;
      await sendBytes(await store.replace(intent, signer.dearer(intent, await signer.price())));
    }
  };

  const broadcast = async (intents: readonly Intent[]): Promise<void> => {
    if (intents.length === 0) return;
    for (const { hash } of intents) unmined.isOver(hash);
    const sent = await Promise.allSettled(intents.map(sendOrRaise));
    options.onSent();
    const fresh = intents.filter((intent, i) => intent.state === 'signed' && sent[i]?.status === 'fulfilled');
    await Promise.all([
      fresh.length > 0
        ? store.mark(
            fresh.map((intent) => intent.effect),
            'sent',
          )
        : null,
      options.onBroadcast?.(),
    ]);
    const refused = sent.find((result) => result.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
  };

  /** Those whose bytes lie too long get dearer ones. */
  const raise = async (open: readonly Intent[]): Promise<Intent[]> => {
    unmined.keep(new Set(open.map((intent) => intent.hash)));
    const fee = await signer.price();
    const raised: Intent[] = [];
    for (const intent of open)
      raised.push(
        unmined.isOver(intent.hash) ? await store.replace(intent, signer.dearer(intent, fee)) : intent,
      );
    return raised;
  };

  /** Nonces below the first one that we hold: whatever used them is gone (a reorganisation, a node that lied). */
  const fillHoles = async (used: number, open: readonly Intent[]): Promise<void> => {
    const held = new Set(open.map((intent) => intent.nonce));
    const last = open.at(-1)?.nonce ?? used;
    const missing: number[] = [];
    for (let nonce = used; nonce < last && missing.length < FILLS; nonce += 1)
      if (!held.has(nonce)) missing.push(nonce);
    holes.keep(new Set(missing.map(String)));
    const late = missing.filter((nonce) => holes.isOver(String(nonce)));
    if (late.length === 0) return;
    const fee = await signer.price();
    for (const nonce of late) await store.fill(nonce, signer.nothing(nonce, fee));
  };

  /** Notes what is mined of intents whose caller is gone; what lost its nonce to a stranger gets a new one. */
  const settleBelow = async (used: number): Promise<void> => {
    const open = await store.openBelow(used);
    lost.keep(new Set(open.map((intent) => intent.hash)));
    for (const intent of open) {
      const receipt = await outcomes.receiptOf(intent);
      if (receipt !== null) await store.mark([intent.effect], receipt.status === 1 ? 'mined' : 'failed');
      // A node that lags has the count but no receipt yet, and a reorganisation may come between the two answers.
      else if (lost.isOver(intent.hash)) await giveUpNonce(intent);
    }
  };

  const giveUpNonce = async (intent: Intent): Promise<void> => {
    if (isFill(intent)) {
      await store.forget([intent.effect]);
      return;
    }
    const [fee, free] = await Promise.all([signer.price(), firstFree()]);
    await store.renonce(intent, free, (_effect, nonce) => signer.moved(intent, nonce, fee));
  };

  return {
    firstFree,
    broadcast,
    async push() {
      const used = await firstFree();
      await settleBelow(used);
      await fillHoles(used, await store.from(used));
      const open = await raise(await store.from(used));
      await broadcast(open);
      return open;
    },
  };
}
