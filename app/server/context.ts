import { readFileSync } from 'node:fs';
import { createPublicClient, http, type PublicClient } from 'viem';
import { z } from 'zod';
import { parseDeployment, type Deployment } from '../../contracts/deployment.ts';
import type { LinkTable } from '../../domain/links/table.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { createApprovals } from './approvals.ts';
import { createResolver, type Resolver } from './cpi/resolve.ts';
import { createIntake, type Intake } from './intake.ts';
import { loadLinks } from './links.ts';
import { createMarketNodes, type MarketNodes } from './market-nodes.ts';
import { createOpenAsks } from './open-asks.ts';
import { createQuoteDesk, type QuoteOffer } from './quotes/offer.ts';
import { createPlacing, type Placing } from './quotes/placing.ts';
import type { TaskMarket } from './tasks.ts';

const environment = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//),
  RPC_URL: z.url(),
  /** The RPC that browsers use; the server's own when left out. */
  PUBLIC_RPC_URL: z.url().optional(),
  DEPLOYMENT_FILE: z.string().min(1),
  /** Folder of measured links between regions (docs/tasks.md); the project's own few when left out. */
  LINKS_DIR: z.string().min(1).optional(),
  RECEIPT_KEY: z.string().regex(/^0x[0-9a-fA-F]{64}$/),
});

/** What every route shares; one per process. */
export interface ServerContext {
  db: Database;
  deployment: Deployment;
  client: PublicClient;
  publicRpcUrl: string;
  intake: Intake;
  /** Prices, signs and stores a firm quote. */
  quote: (input: unknown) => Promise<QuoteOffer>;
  placing: Placing;
  links: LinkTable;
  /** Resolves identifiers; it listens to the database once it is asked for. */
  readonly resolver: Resolver;
  marketNodes: MarketNodes;
  /** What the slot open at that moment (chain time, unix seconds) has on offer. */
  onOffer: TaskMarket['onOffer'];
  /** Timestamp of the chain's newest block, unix seconds. */
  chainNow(): Promise<bigint>;
}

// Bundles of single routes have module instances of their own: the process's one context hangs on globalThis.
const holder = globalThis as { cardhourContext?: ServerContext };

/** The context, made on first use, so that building the pages needs no environment. */
export function serverContext(): ServerContext {
  holder.cardhourContext ??= create();
  return holder.cardhourContext;
}

function create(): ServerContext {
  const parsed = environment.safeParse(process.env);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new Error(
      `The web app's environment lacks ${names}: start it with npm start, or set them (see README.md).`,
    );
  }
  const env = parsed.data;
  const deployment = parseDeployment(JSON.parse(readFileSync(env.DEPLOYMENT_FILE, 'utf8')));
  const db = openDatabase(env.DATABASE_URL);
  const client = createPublicClient({ transport: http(env.RPC_URL) });
  const chainNow = async (): Promise<bigint> => {
    try {
      return (await client.getBlock({ blockTag: 'latest' })).timestamp;
    } catch {
      throw new Refusal(
        'CHAIN_UNREACHABLE',
        'The chain does not answer, so its time is unknown.',
        'Try again in a moment.',
      );
    }
  };
  const receiptKey = env.RECEIPT_KEY as Hex;
  const openAsks = createOpenAsks(db, deployment.parameters.minProviderStake);
  const links = loadLinks(env.LINKS_DIR);
  const isApproved = createApprovals(client, deployment);
  let resolver: Resolver | undefined;
  const databaseUrl = env.DATABASE_URL;
  const { minProviderStake } = deployment.parameters;
  const slotSeconds = BigInt(deployment.parameters.slotSeconds);
  return {
    db,
    deployment,
    client,
    publicRpcUrl: env.PUBLIC_RPC_URL ?? env.RPC_URL,
    intake: createIntake({ db, deployment, receiptKey, chainNow, openAsks, isApproved }),
    quote: createQuoteDesk({ db, deployment, openAsks, links, schedulerKey: receiptKey, chainNow }),
    placing: createPlacing({ db, deployment, receiptKey, chainNow }),
    links,
    get resolver() {
      resolver ??= createResolver({ db, databaseUrl, minProviderStake });
      return resolver;
    },
    marketNodes: createMarketNodes(db, deployment.parameters.minProviderStake),
    onOffer: (now) => openAsks((now / slotSeconds + 1n) * slotSeconds),
    chainNow,
  };
}

/** What a client needs to sign and to read the chain by itself. */
export function configOf({ deployment, publicRpcUrl }: ServerContext) {
  return { deployment, rpcUrl: publicRpcUrl, testMoney: LOCAL_CHAINS.includes(deployment.chainId) };
}

/** Chains of developers' machines, where the token is our mintable test money. */
const LOCAL_CHAINS = [31337, 1337];
