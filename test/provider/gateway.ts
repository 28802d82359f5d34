/** The gateway's part that an agent sees, over real HTTP: what it keeps is what a test looks at. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recoverMessageAddress } from 'viem';
import { askId, listingId } from '../../domain/eip712.ts';
import { reportDigest, type LeaseReport } from '../../domain/report.ts';
import type { Ask, Hex, Listing, SigningDomain } from '../../domain/types.ts';
import type { Workload } from '../../domain/workload.ts';

export interface TestGateway {
  url: string;
  asks: Map<Hex, { ask: Ask; signature: Hex }>;
  listings: Map<Hex, { listing: Listing; signature: Hex }>;
  /** By lease id. */
  workloads: Map<string, Workload>;
  reports: { leaseId: string; report: LeaseReport; signature: Hex }[];
  /** Pieces of a lease's log in order; a piece that changed its text is an error. */
  logOf(leaseId: bigint): string;
  lastOf(leaseId: bigint): LeaseReport | undefined;
  errors: string[];
  /** How often the asks were asked for. */
  questions: number;
  /** answers; down: 503 for all; deaf: keeps what it gets but the answer is lost. */
  mode: 'answers' | 'down' | 'deaf';
  stop(): Promise<void>;
}

/** @param signer whose reports are taken */
export async function startGateway(domain: SigningDomain, signer: Hex): Promise<TestGateway> {
  const pieces = new Map<string, Map<number, string>>();

  const takeReport = async (leaseId: string, body: LeaseReport & { signature: Hex }): Promise<void> => {
    const { signature, ...report } = body;
    const digest = reportDigest(domain, BigInt(leaseId), report);
    const by = await recoverMessageAddress({ message: { raw: digest }, signature });
    if (by.toLowerCase() !== signer)
      return void gateway.errors.push(`report of lease ${leaseId} signed by ${by}`);
    gateway.reports.push({ leaseId, report, signature });
    const log = pieces.get(leaseId) ?? new Map<number, string>();
    pieces.set(leaseId, log);
    for (const { seq, text } of report.log ?? []) {
      if ((log.get(seq) ?? text) !== text) gateway.errors.push(`piece ${seq} of lease ${leaseId} changed`);
      log.set(seq, text);
    }
  };

  const answer = async (
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; value: unknown }> => {
    const [, , , what, id, part] = path.split('/');
    if (method === 'GET' && what === 'asks') {
      gateway.questions += 1;
      const asks = [...gateway.asks].map(([id, { ask }]) => ({
        id,
        node: ask.supply,
        cards: ask.cards,
        filled: 0,
        validUntil: String(ask.validUntil),
        live: true,
      }));
      return { status: 200, value: { items: asks } };
    }
    if (method === 'GET' && what === 'listings') {
      const listings = [...gateway.listings].map(([id, { listing }]) => ({
        id,
        provider: listing.provider,
        node: listing.node,
        message: { cards: listing.cards },
        left: listing.cards,
        validUntil: String(listing.validUntil),
      }));
      return { status: 200, value: { items: listings, next: null } };
    }
    if (what === 'asks') {
      const item = body as { ask: Ask; signature: Hex };
      const ask = {
        ...item.ask,
        reservePrice: BigInt(item.ask.reservePrice),
        validFrom: BigInt(item.ask.validFrom),
        validUntil: BigInt(item.ask.validUntil),
        nonce: BigInt(item.ask.nonce),
      };
      gateway.asks.set(askId(domain, ask), { ask, signature: item.signature });
      return { status: 201, value: { id: askId(domain, ask), receipt: {} } };
    }
    if (what === 'listings') {
      const item = body as { listing: Listing; signature: Hex };
      const listing = {
        ...item.listing,
        pricePerCardHour: BigInt(item.listing.pricePerCardHour),
        validFrom: BigInt(item.listing.validFrom),
        validUntil: BigInt(item.listing.validUntil),
        nonce: BigInt(item.listing.nonce),
      };
      gateway.listings.set(listingId(domain, listing), { listing, signature: item.signature });
      return { status: 201, value: { id: listingId(domain, listing) } };
    }
    if (what === 'leases' && id !== undefined && part === 'workload') {
      const workload = gateway.workloads.get(id);
      return workload
        ? { status: 200, value: workload }
        : { status: 404, value: { code: 'NOT_FOUND', detail: 'not yet' } };
    }
    if (what === 'leases' && id !== undefined && part === 'report') {
      await takeReport(id, body as LeaseReport & { signature: Hex });
      return { status: 200, value: { ok: true } };
    }
    return { status: 404, value: { code: 'NOT_FOUND', detail: path } };
  };

  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const { status, value } =
        gateway.mode === 'down'
          ? { status: 503, value: { code: 'NOT_READY', detail: 'down' } }
          : await answer(request.method ?? 'GET', (request.url ?? '').split('?')[0] ?? '', body);
      if (gateway.mode === 'deaf' && request.method === 'POST') return response.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const gateway: TestGateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asks: new Map(),
    listings: new Map(),
    workloads: new Map(),
    reports: [],
    errors: [],
    questions: 0,
    mode: 'answers',
    logOf(leaseId) {
      const log = [...(pieces.get(leaseId.toString()) ?? [])].sort(([a], [b]) => a - b);
      if (log.some(([seq], index) => seq !== index))
        gateway.errors.push(`the log of lease ${leaseId} has a gap`);
      return log.map(([, text]) => text).join('');
    },
    lastOf: (leaseId) => gateway.reports.findLast((entry) => entry.leaseId === leaseId.toString())?.report,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gateway;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString());
}
