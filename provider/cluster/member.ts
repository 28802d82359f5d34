/** The agent's part in clusters: says where its nodes answer, measures the others, answers what is proposed. */
import type { PrivateKeyAccount } from 'viem/accounts';
import { announcementDigest, declineDigest, measurementsDigest } from '../../domain/cluster-words.ts';
import { membersHash } from '../../domain/clusters.ts';
import { eip712Domain, TYPES } from '../../domain/eip712.ts';
import { regionId } from '../../domain/names.ts';
import type { Consent, Hex, SigningDomain } from '../../domain/types.ts';
import type { ChainView } from '../chain-watch.ts';
import type { ClassPrice } from '../config.ts';
import { GatewayError } from '../gateway.ts';
import { leasedCards, type OwnNode } from '../ledger.ts';
import type { OfferJournal } from '../offers/journal.ts';
import type { ClusterGateway, Peer } from './gateway.ts';
import type { Pinger } from './ping.ts';
import { judgeProposal, type ClusterTerms, type Proposal } from './terms.ts';

interface ClusterMemberOptions {
  provider: Hex;
  account: PrivateKeyAccount;
  domain: SigningDomain;
  gateway: ClusterGateway;
  pinger: Pinger;
  /** Where others reach the pinger. */
  host: string;
  journal: Pick<OfferJournal, 'offers'>;
  prices: ReadonlyMap<string, ClassPrice>;
  terms: ClusterTerms;
  log: (line: string) => void;
}

export interface ClusterMember {
  /** One round. @throws GatewayError when the gateway can't be asked */
  step(view: ChainView): Promise<void>;
}

/** Seconds of chain time between two announcements, and between two rounds of measuring. */
const ANNOUNCE_SECONDS = 60n;
const MEASURE_SECONDS = 15n;
/** Pings of a measurement; the shortest counts: what is above it is the hosts' own business. */
const PINGS = 5;
/** Most trips that one word tells. */
const TRIPS_A_WORD = 1_000;

export function createClusterMember(options: ClusterMemberOptions): ClusterMember {
  const { provider, account, domain, gateway, pinger, host, prices, terms, log } = options;
  let announced = { at: -ANNOUNCE_SECONDS, nodes: '' };
  let measuredAt = -MEASURE_SECONDS;
  // Fresh after every restart.
  let nonce = BigInt(Date.now()) << 8n;

  const willing = ({ ledger }: ChainView): OwnNode[] =>
    ledger.nodes.filter(
      ({ className }) =>
        prices.has(className) && (terms.classes === null || terms.classes.includes(className)),
    );
  const sign = (digest: Hex): Promise<Hex> => account.signMessage({ message: { raw: digest } });

  const announce = async (nodes: readonly OwnNode[], now: bigint): Promise<void> => {
    const names = nodes.map(({ id }) => id).join();
    if (now - announced.at < ANNOUNCE_SECONDS && names === announced.nodes) return;
    const word = {
      provider,
      at: now.toString(),
      endpoints: nodes.map(({ id }) => ({ node: id, host, port: pinger.port })),
    };
    await gateway.announce({ ...word, signature: await sign(announcementDigest(domain, word)) });
    announced = { at: now, nodes: names };
  };

  const measure = async (nodes: readonly OwnNode[], now: bigint): Promise<void> => {
    if (now - measuredAt < MEASURE_SECONDS) return;
    const peers = await gateway.peers();
    const pairs = nodes.flatMap((own) =>
      peers.filter((peer) => isAlike(own, peer)).map((peer) => ({ own, peer })),
    );
    const trips = new Map<string, number>();
    for (const { host: to, port } of pairs.map(({ peer }) => peer)) {
      const name = `${to}:${port}`;
      if (trips.has(name)) continue;
      const found: number[] = [];
      for (let at = 0; at < PINGS; at++) {
        const micros = await pinger.ping(to, port);
        if (micros !== null) found.push(micros);
      }
      // A peer that answers now and then is not near.
      if (found.length === PINGS) trips.set(name, Math.min(...found));
    }
    const told = pairs.flatMap(({ own, peer }) => {
      const micros = trips.get(`${peer.host}:${peer.port}`);
      return micros === undefined ? [] : [{ from: own.id, to: peer.node, micros }];
    });
    for (let from = 0; from < told.length; from += TRIPS_A_WORD) {
      const word = { provider, at: now.toString(), trips: told.slice(from, from + TRIPS_A_WORD) };
      await gateway.measured({ ...word, signature: await sign(measurementsDigest(domain, word)) });
    }
    measuredAt = now;
  };

  /** Cards that neither a lease nor a listing holds when the cycle begins: what is listed may be bought when it ends. */
  const freeCards = ({ ledger }: ChainView, node: OwnNode, { validFrom }: Proposal): number => {
    const listed = options.journal
      .offers()
      .filter(({ kind, message }) => kind === 'listing' && 'node' in message && message.node === node.id)
      .filter(({ message }) => message.validUntil >= validFrom)
      .reduce((cards, { id, message }) => cards + Math.max(0, message.cards - (ledger.sold[id] ?? 0)), 0);
    return Math.max(0, node.cards - leasedCards(ledger, node.id, validFrom) - listed);
  };

  const answer = async (view: ChainView, proposal: Proposal, node: Hex): Promise<void> => {
    const own = view.ledger.nodes.find(({ id }) => id === node);
    if (own === undefined) return;
    const standing = {
      freeCards: freeCards(view, own, proposal),
      reserve: prices.get(own.className)?.reserve ?? null,
    };
    const verdict = judgeProposal({ ...proposal, className: own.className }, node, standing, terms, view.now);
    if ('reason' in verdict) {
      const word = { provider, at: view.now.toString(), proposal: proposal.id, node, reason: verdict.reason };
      await gateway.decline({ ...word, signature: await sign(declineDigest(domain, word)) });
      return log(`declines a cluster for node ${node.slice(0, 10)}: ${verdict.reason}`);
    }
    const consent: Consent = {
      provider,
      node,
      members: membersHash(proposal.members),
      cards: verdict.cards,
      power: proposal.members.find((member) => member.node === node)!.power,
      reservePrice: verdict.reserve,
      validFrom: proposal.validFrom,
      validUntil: proposal.validUntil,
      nonce: nonce++,
    };
    const signature = await account.signTypedData({
      domain: eip712Domain(domain),
      types: { Consent: TYPES.Consent },
      primaryType: 'Consent',
      message: { ...consent },
    });
    await gateway.consent({ proposal: proposal.id, consent, signature });
    log(`consents to a cluster of ${proposal.members.length} for node ${node.slice(0, 10)}`);
  };

  return {
    async step(view) {
      const { ledger, now } = view;
      if (ledger.signer !== account.address.toLowerCase() || ledger.unbonding) return;
      const nodes = willing(view);
      if (nodes.length === 0 && announced.nodes === '') return;
      await announce(nodes, now);
      await measure(nodes, now);
      for (const { own, ...proposal } of await gateway.proposals(provider))
        for (const node of own)
          await answer(view, proposal, node).catch((error: unknown) => {
            if (!(error instanceof GatewayError) || error.retryable) throw error;
            log(`answer to a proposed cluster refused (${error.code}): ${error.message}`);
          });
    },
  };
}

function isAlike(own: OwnNode, peer: Peer): boolean {
  return peer.node !== own.id && peer.resourceClass === own.classId && regionId(peer.region) === own.regionId;
}
