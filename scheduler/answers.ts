/**
 * The scheduler's answers: claims that are wrong are refuted and demanded items shown, before their time is over. A slot's leaves are
 * cleared again from its stored inputs; what was answered is known by its effect's name.
 */
import { Interface } from 'ethers';
import pg from 'pg';
import type { Deployment } from '../contracts/deployment.ts';
import { bondAbi, claimsAbi, receiptsAbi } from '../contracts/generated/abi.ts';
import { reviveEvent, type StoredEvent } from '../contracts/events.ts';
import type { Verdict } from '../domain/claims/claim.ts';
import { commit, type Commitment, type CommittedPage } from '../domain/claims/commitment.ts';
import { answersTo, type Answer } from '../domain/claims/rebut.ts';
import { leasePageOf, slotSource } from '../domain/lease-page.ts';
import { decodeManifest } from '../domain/manifest.ts';
import { decodeRecords, matchRoot } from '../domain/page.ts';
import { recoverSigner } from '../domain/signature.ts';
import { clearSlot, type ClearedSlot, type SlotAsk, type SlotOrder } from '../domain/slot.ts';
import type { Hex, SigningDomain, SlotHeader } from '../domain/types.ts';
import { createChainState, withEarlierSlots } from './chain-state.ts';
import { createTransactionManager } from './commit/transaction-manager.ts';
import { openProvider } from './provider.ts';
import { readManifest } from './slot-run.ts';

/** Gas asked for: proofs of the deepest trees, with room. */
const ANSWER_GAS = 1_500_000n;

export interface AnswersOptions {
  databaseUrl: string;
  rpcUrl: string;
  deployment: Deployment;
  /** Hex private key of the account that answers: it is paid the deposits anyway. */
  schedulerKey: Hex;
  onBroadcast?: () => Promise<void>;
  /** Milliseconds between looks for a receipt. */
  pollMs?: number;
}

export interface AnswerReport {
  /** Claims and demands that were answered, by their ids. */
  answered: Hex[];
  /** Those that nothing refutes, each once, with the reason: each costs the bond. */
  standing: { claimId: Hex; slot: bigint; why: string }[];
}

export interface Answers {
  /** Answers what is open. Running it again at any point sends nothing twice. */
  answerDue(): Promise<AnswerReport>;
  close(): Promise<void>;
}

interface OpenClaim {
  claimId: Hex;
  slot: bigint;
  verdict: Verdict & { challenger: Hex };
}

const CALLS = { claims: new Interface(claimsAbi), receipts: new Interface(receiptsAbi) };

export function createAnswers(options: AnswersOptions): Answers {
  const { deployment } = options;
  const { parameters } = deployment;
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 3 });
  // A connection that breaks while idle is replaced by the pool; the next query tells.
  pool.on('error', () => undefined);
  const provider = openProvider(options.rpcUrl, deployment.chainId);
  const transactions = createTransactionManager({
    ...{ pool, provider, chainId: deployment.chainId, key: options.schedulerKey },
    errorAbis: [claimsAbi, receiptsAbi, bondAbi],
    onBroadcast: options.onBroadcast,
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
  });

  /** Claims that we have no answer to: neither the slot nor the signed bytes of an answer that was refused change any more. */
  const standing = new Set<Hex>();

  /** Claims that wait for an answer, oldest first. */
  const open = async (now: bigint): Promise<OpenClaim[]> => {
    const { rows } = await pool.query<StoredEvent>(
      `SELECT "blockNumber", "logIndex", name, args FROM chain_event o
       WHERE name = 'ClaimOpened' AND (args->>'answerUntil')::bigint >= $1 AND NOT EXISTS (
         SELECT 1 FROM chain_event e WHERE e.name IN ('ClaimRefuted', 'ClaimUpheld')
           AND e."blockNumber" >= o."blockNumber" AND e.args->>'claimId' = o.args->>'claimId')
       ORDER BY "blockNumber", "logIndex"`,
      [now],
    );
    return rows.map((row) => reviveEvent(row).args as unknown as OpenClaim);
  };

  const eventsOf = async (name: string, slot: bigint) => {
    const { rows } = await pool.query<StoredEvent>(
      `SELECT "blockNumber", "logIndex", name, args FROM chain_event
       WHERE name = $1 AND args->>'slot' = $2 ORDER BY "blockNumber", "logIndex"`,
      [name, slot.toString()],
    );
    return rows.map((row) => reviveEvent(row).args);
  };

  /** The slot cleared again, from the inputs that were stored before anything of it was signed. */
  const clearAgain = async (
    client: pg.PoolClient,
    header: SlotHeader,
    bytes: Uint8Array,
  ): Promise<{ cleared: ClearedSlot; items: { orders: SlotOrder[]; asks: SlotAsk[] } }> => {
    const { slot, seed, closeBlock } = header;
    const { rows } = await client.query<{ hash: Hex }>('SELECT hash FROM block WHERE number = $1', [
      closeBlock,
    ]);
    const chain = createChainState({ treasury: deployment.treasury, feeBps: parameters.feeBps });
    const closing = { number: closeBlock, hash: rows[0]?.hash ?? '0x' };
    const { state: atClose } = await chain.at(client, closing);
    const state = await withEarlierSlots(client, atClose, closing, slot);
    const { orders, asks } = decodeManifest(bytes);
    const items = { orders: orders.map(withSigner), asks: asks.map(withSigner) };
    const input = { slot, seed, closeBlock, parameters, ...items, manifest: bytes };
    return { cleared: clearSlot(input, state), items };
  };

  /** The slot as it stands on the chain, or why we can't speak for it. */
  const commitmentOf = async (slot: bigint): Promise<Commitment | string> => {
    const client = await pool.connect();
    try {
      const [bytes, [committed], opened] = [
        await readManifest(client, slot),
        await eventsOf('SlotCommitted', slot),
        await eventsOf('PageCommitted', slot),
      ];
      if (bytes === null || committed === undefined) return 'this database has no inputs of the slot';
      const header = committed['header'] as SlotHeader;
      const { cleared, items } = await clearAgain(client, header, bytes);
      if (cleared.header.ordersRoot !== header.ordersRoot || cleared.header.asksRoot !== header.asksRoot)
        return 'the chain has the slot with other leaves';
      const pages = pagesOf(slot, cleared, opened);
      if (typeof pages === 'string') return pages;
      return commit({ domain, header, orders: cleared.orders, asks: cleared.asks, pages }, items);
    } finally {
      client.release();
    }
  };

  const send = async (
    { claimId, verdict }: OpenClaim,
    answers: readonly Answer[],
  ): Promise<string | null> => {
    const calls = answers.map(({ judge, name, args }, index) => ({
      effect: `answer:${claimId}:${index}`,
      to: deployment[judge],
      data: CALLS[judge].encodeFunctionData(name, [verdict, ...args]) as Hex,
      gasLimit: ANSWER_GAS,
    }));
    const mined = await transactions.send(calls);
    // The last one refutes; an earlier one may have been shown by somebody else.
    const failed = mined.at(-1)?.reverted;
    return failed ? `the answer was refused: ${failed.name}(${failed.args.join(', ')})` : null;
  };

  return {
    async answerDue() {
      const block = await provider.getBlock('latest');
      const report: AnswerReport = { answered: [], standing: [] };
      const slots = new Map<bigint, Commitment | string>();
      for (const claim of await open(BigInt(block?.timestamp ?? 0))) {
        const { claimId, slot, verdict } = claim;
        if (standing.has(claimId)) continue;
        const known = slots.get(slot) ?? (await commitmentOf(slot));
        slots.set(slot, known);
        const answers = typeof known === 'string' ? [] : answersTo(verdict, known);
        const stands = typeof known === 'string' ? known : 'nothing refutes it';
        const why = answers.length === 0 ? stands : await send(claim, answers);
        if (why === null) report.answered.push(claimId);
        else {
          standing.add(claimId);
          report.standing.push({ claimId, slot, why });
        }
      }
      return report;
    },

    async close() {
      provider.destroy();
      await pool.end();
    },
  };
}

function withSigner<T extends { signature: Hex }>({ id, signed }: { id: Hex; signed: T }) {
  return { id, signed, signer: recoverSigner(id, signed.signature) };
}

/** The slot's pages as `PageCommitted` announced them; a sentence when their matches are not those that we cleared. */
function pagesOf(
  slot: bigint,
  { matches }: ClearedSlot,
  opened: readonly Record<string, unknown>[],
): Map<number, CommittedPage> | string {
  const pages = new Map<number, CommittedPage>();
  let from = 0;
  for (const {
    page,
    pageId,
    start,
    matchRoot: root,
    accounts,
    records,
  } of opened as unknown as PageEvent[]) {
    const skips = decodeRecords(accounts, records).map(({ skip }) => skip);
    const leaves = matches
      .slice(from, from + skips.length)
      .map(({ leaf }, i) => ({ ...leaf, skip: skips[i] ?? 0 }));
    from += skips.length;
    if (matchRoot(leaves) !== root) return 'the chain has the slot with other matches';
    pages.set(page, {
      leaves,
      leases: leasePageOf(pageId, start, slotSource(slot, page, root), accounts, records),
    });
  }
  return pages;
}

interface PageEvent {
  page: number;
  pageId: bigint;
  start: bigint;
  matchRoot: Hex;
  accounts: Hex;
  records: Hex;
}
