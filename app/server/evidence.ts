import { createPublicClient, decodeFunctionData, http, type PublicClient } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi } from '../../contracts/generated/abi.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import type { BlockFact, PageEvidence, SlotEvidence } from '../../domain/evidence.ts';
import { hexToBytes } from '../../domain/hash.ts';
import { decodePage, pageLeaves, type PageRecord } from '../../domain/page.ts';
import { recoverSigner } from '../../domain/signature.ts';
import type { SlotAsk, SlotOrder } from '../../domain/slot.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';
import { createHistory } from './history.ts';
import { toJson } from './wire.ts';

/** What `GET /api/slots/{n}/inputs` publishes. */
export interface SlotInputs {
  manifest: Hex;
  orders: readonly SignedOrder[];
  asks: readonly SignedAsk[];
}

export interface EvidenceSource {
  /**
   * Assembles the evidence of a slot: the chain's part by RPC, the items from `inputs`. Quick for slots in ascending
   * order: the market's state moves forward with them. The states in what it returns are shared and hold until the
   * next call.
   */
  collect(slot: bigint, inputs: SlotInputs | null): Promise<SlotEvidence>;
}

/** Evidence that comes from nothing but the chain and the published inputs: no database, no word of the scheduler. */
export function createEvidence({
  rpcUrl,
  deployment,
}: {
  rpcUrl: string;
  deployment: Deployment;
}): EvidenceSource {
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true }) });
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const history = createHistory(client, deployment);
  const items = createItems(domain);

  return {
    async collect(slot, inputs) {
      await history.sync();
      const header = history.headerOf(slot);
      const closeBlock = header?.header.closeBlock ?? null;
      const orders = (inputs?.orders ?? []).map((signed) => items.order(signed));
      const asks = (inputs?.asks ?? []).map((signed) => items.ask(signed));
      const [committedBlock, closing, next, pages] = await Promise.all([
        header === null ? null : blockOf(client, header.blockNumber),
        closeBlock === null ? null : blockOf(client, closeBlock),
        closeBlock === null ? null : blockOf(client, closeBlock + 1n),
        header === null ? [] : pagesOf(client, domain, header.header.gammaWad, slot, history.pagesOf(slot)),
      ]);
      return {
        slot,
        domain,
        parameters: deployment.parameters,
        committed:
          header === null || committedBlock === null
            ? null
            : { header: header.header, block: committedBlock },
        closing,
        next,
        pages,
        manifest: inputs === null ? null : hexToBytes(inputs.manifest),
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

async function blockOf(client: PublicClient, number: bigint): Promise<BlockFact | null> {
  try {
    const block = await client.getBlock({ blockNumber: number });
    return { number: block.number, hash: block.hash, timestamp: block.timestamp };
  } catch (error) {
    if (error instanceof Error && error.name === 'BlockNotFoundError') return null;
    throw error;
  }
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

/**
 * Ids and signers of items, computed once per message: an ask may stand in a thousand slots. An item that comes again
 * as other objects with the same text gives the first objects back, so that callers can cache by identity too.
 */
function createItems(domain: SigningDomain) {
  const orders = createMemo((signed: SignedOrder): SlotOrder => {
    const id = orderId(domain, signed.order);
    return { id, signed, signer: recoverSigner(id, signed.signature) };
  });
  const asks = createMemo((signed: SignedAsk): SlotAsk => {
    const id = askId(domain, signed.ask);
    return { id, signed, signer: recoverSigner(id, signed.signature) };
  });
  return { order: orders, ask: asks };
}

function createMemo<T extends object, R>(compute: (input: T) => R): (input: T) => R {
  const byObject = new WeakMap<T, R>();
  const byText = new Map<string, R>();
  return (input) => {
    let result = byObject.get(input);
    if (result === undefined) {
      const text = toJson(input);
      result = byText.get(text) ?? compute(input);
      byObject.set(input, result);
      byText.set(text, result);
    }
    return result;
  };
}
