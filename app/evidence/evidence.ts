import { createPublicClient, decodeFunctionData, http, type PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { receiptDigest } from '../../domain/eip712.ts';
import type { PageEvidence, SlotEvidence } from '../../domain/evidence.ts';
import { hexToBytes } from '../../domain/hash.ts';
import { NO_RECEIPTS, type Manifest } from '../../domain/manifest.ts';
import { decodePage, pageLeaves, type PageRecord } from '../../domain/page.ts';
import { lastReceipt } from '../../domain/receipts.ts';
import { manifestOf } from '../../domain/rules/finding.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { Hex, Receipt, SigningDomain } from '../../domain/types.ts';
import { readBlock } from './blocks.ts';
import { createHistory } from './history.ts';
import { checkWiring } from './wiring.ts';

/** A slot that the chain has, as far as choosing and fetching need it. */
export interface CommittedSlot {
  slot: bigint;
  inputsHash: Hex;
  /** Another one after a reorganisation that reached the slot's close. */
  seed: Hex;
  /** All pages that its header announced are there. */
  whole: boolean;
}

export interface EvidenceSource {
  /** Slots that the chain has, ascending; each page and header that came since the last call is read. */
  slots(): Promise<CommittedSlot[]>;
  /** Timestamp of the newest block that was read, unix seconds. */
  headTime(): bigint;
  /**
   * Assembles the evidence of a slot: the chain's part by RPC, the items from its published inputs. Quick for slots in
   * ascending order: the market's state moves forward with them. The states in what it returns are shared and hold until
   * the next call.
   * @param manifest canonical bytes (domain/manifest.ts); null when nobody hands them out
   * @param held receipts that somebody holds for items of the slot
   */
  collect(
    slot: bigint,
    manifest: Uint8Array | null,
    held?: readonly (Receipt & { signature: Hex })[],
  ): Promise<SlotEvidence>;
}

/**
 * Evidence that comes from nothing but the chain and the published inputs: no database, no word of the scheduler. Before its first
 * answer the contracts are asked whether the deployment tells of them truly: `slots` and `collect` throw WRONG_DEPLOYMENT when not.
 */
export function createEvidence({
  rpcUrl,
  deployment,
  recover = onThisThread,
}: {
  rpcUrl: string;
  deployment: Deployment;
  recover?: Recover;
}): EvidenceSource {
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true }) });
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const history = createHistory(client, deployment);
  const signers = createSigners(recover);
  let wired: Promise<void> | undefined;
  const sync = async (): Promise<void> => {
    wired ??= checkWiring(client, deployment);
    try {
      await wired;
    } catch (error) {
      wired = undefined;
      throw error;
    }
    await history.sync();
  };

  return {
    async slots() {
      await sync();
      return history.headers().map(({ header: { slot, inputsHash, seed, pageCount } }) => ({
        slot,
        inputsHash,
        seed,
        whole: history.pagesOf(slot).length >= pageCount,
      }));
    },
    headTime: () => history.head()?.timestamp ?? 0n,

    async collect(slot, bytes, given = []) {
      await sync();
      signers.nextSlot();
      const header = history.headerOf(slot);
      const closeBlock = header?.header.closeBlock ?? null;
      const manifest = bytes && manifestOf(bytes);
      const items = manifest === null || typeof manifest === 'string' ? NO_ITEMS : manifest;
      const last = header && lastReceipt(slot, header.scheduler, items.receipts);
      const [block, closing, next, pages, orders, asks] = await Promise.all([
        header === null ? null : readBlock(client, header.blockNumber),
        closeBlock === null ? null : readBlock(client, closeBlock),
        closeBlock === null ? null : readBlock(client, closeBlock + 1n),
        header === null ? [] : pagesOf(client, domain, header.header.gammaWad, slot, history.pagesOf(slot)),
        signers.of(items.orders),
        signers.of(items.asks),
      ]);
      const signer = last && recoverSigner(receiptDigest(domain, last), items.receipts.signature);
      const held = given.map(({ signature, ...receipt }) => ({
        receipt,
        signer: recoverSigner(receiptDigest(domain, receipt), signature),
      }));
      const head = history.head();
      return {
        slot,
        domain,
        parameters: deployment.parameters,
        committed:
          header === null || block === null
            ? null
            : { header: header.header, block, scheduler: header.scheduler },
        ...(head === null ? {} : { head }),
        closing,
        next,
        pages,
        manifest: bytes,
        ...(last === null ? {} : { receiptSigner: signer }),
        held,
        orders,
        asks,
        stateAtClose: closeBlock === null || closing === null ? null : history.stateAt(closeBlock),
        eventsSince:
          closeBlock === null ? null : history.eventsBetween(closeBlock, history.lastPageBlock(slot)),
        stateNow: history.stateNow(),
      };
    },
  };
}

/** The pages with the matches that their transactions carry; null where a page did not come by a plain call. */
async function pagesOf(
  client: PublicClient,
  domain: SigningDomain,
  gammaWad: bigint,
  slot: bigint,
  announced: { page: number; root: Hex; records: PageRecord[]; txHash: Hex }[],
): Promise<PageEvidence[]> {
  return Promise.all(
    announced.map(async ({ txHash, page, root, records }) => {
      const { input } = await client.getTransaction({ hash: txHash });
      const sent = dataOf(input, slot, page);
      const matches = sent && pageLeaves(domain, gammaWad, sent, records);
      return { page, count: records.length, root, matches };
    }),
  );
}

function dataOf(input: Hex, slot: bigint, page: number) {
  try {
    const call = decodeFunctionData({ abi: auctionAbi, data: input });
    if (call.functionName !== 'commitPage') return null;
    const [ofSlot, ofPage, data] = call.args;
    return ofSlot === slot && ofPage === page ? decodePage(hexToBytes(data)) : null;
  } catch {
    return null;
  }
}

const NO_ITEMS: Pick<Manifest, 'orders' | 'asks' | 'receipts'> = {
  orders: [],
  asks: [],
  receipts: NO_RECEIPTS,
};

/** Signers of many items, in their order; a program may have threads for it. */
type Recover = (items: readonly { id: Hex; signature: Hex }[]) => Promise<(Hex | null)[]>;

const onThisThread: Recover = (items) =>
  Promise.resolve(items.map(({ id, signature }) => recoverSigner(id, signature)));

/** Signers of items, recovered once per id and signature while slot after slot holds them: an ask may stand in a thousand. */
function createSigners(recover: Recover) {
  let before = new Map<string, Hex | null>();
  let known = new Map<string, Hex | null>();
  const keyOf = ({ id, signature }: { id: Hex; signature: Hex }): string => id + signature;
  return {
    /** Forgets what the last slot did not hold. */
    nextSlot(): void {
      before = known;
      known = new Map();
    },
    async of<T extends { signature: Hex }>(
      items: readonly { id: Hex; signed: T }[],
    ): Promise<{ id: Hex; signed: T; signer: Hex | null }[]> {
      const pairs = items.map(({ id, signed }) => ({ id, signature: signed.signature }));
      const missing = pairs.filter((pair) => !before.has(keyOf(pair)));
      const recovered = await recover(missing);
      const fresh = new Map(missing.map((pair, index) => [keyOf(pair), recovered[index]!]));
      return items.map((item, index) => {
        const key = keyOf(pairs[index]!);
        const signer = fresh.get(key) ?? before.get(key) ?? null;
        known.set(key, signer);
        return { ...item, signer };
      });
    },
  };
}
