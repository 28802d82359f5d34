/** The gateway's part for clusters. */
import { z } from 'zod';
import type { Announcement, Decline, Measurements } from '../../domain/cluster-words.ts';
import type { Consent, Hex } from '../../domain/types.ts';
import type { Gateway } from '../gateway.ts';
import type { Proposal } from './terms.ts';

export interface Peer {
  node: Hex;
  provider: Hex;
  host: string;
  port: number;
  resourceClass: Hex;
  region: string;
}

export interface ClusterGateway {
  announce(word: Announcement & { signature: Hex }): Promise<void>;
  measured(word: Measurements & { signature: Hex }): Promise<void>;
  peers(): Promise<Peer[]>;
  /** Proposals that wait for an answer, each with the nodes that it is asked for. */
  proposals(provider: Hex): Promise<(Proposal & { own: Hex[] })[]>;
  consent(answer: { proposal: Hex; consent: Consent; signature: Hex }): Promise<void>;
  decline(word: Decline & { signature: Hex }): Promise<void>;
}

const hex = z.string().transform((text) => text as Hex);
const integer = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const peersSchema = listOf(
  z.object({
    node: hex,
    provider: hex,
    host: z.string(),
    port: z.number(),
    resourceClass: hex,
    region: z.string(),
  }),
);
const proposalsSchema = listOf(
  z.object({
    id: hex,
    className: z.string(),
    consentBy: integer,
    validFrom: integer,
    validUntil: integer,
    members: z.array(
      z.object({
        node: hex,
        provider: hex,
        power: integer,
        cards: z.number(),
        alone: integer,
        together: integer,
      }),
    ),
    own: z.array(hex),
  }),
);

export function createClusterGateway({ call }: Pick<Gateway, 'call'>): ClusterGateway {
  const post = async (path: string, body: unknown): Promise<void> => void (await call(path, body));
  return {
    announce: (word) => post('/api/v1/clusters/announcements', word),
    measured: (word) => post('/api/v1/clusters/measurements', word),
    peers: async () => peersSchema.parse(await call('/api/v1/clusters/peers')).items,
    proposals: async (provider) =>
      proposalsSchema.parse(await call(`/api/v1/clusters/proposals?provider=${provider}`)).items,
    consent: (answer) => post('/api/v1/clusters/answers', answer),
    decline: (word) => post('/api/v1/clusters/answers', word),
  };
}
