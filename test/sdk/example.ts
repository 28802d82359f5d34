/** What the README shows of the SDK; compiled with everything else, and run by `sdk.test.ts`. */
import { privateKeyToAccount } from 'viem/accounts';
import { createClient, sendOrder } from '../../sdk/index.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { Hex } from '../../domain/types.ts';

/** Bids for one card for an hour at the price that the class cleared at last. */
export async function bidForAnHour(url: string, privateKey: Hex, nonce: bigint): Promise<Hex> {
  const market = createClient({ url });
  const account = privateKeyToAccount(privateKey);
  const { deployment } = await market.call('GET /config');
  const { now, classes } = await market.call('GET /market');
  const [wanted] = classes;
  if (wanted === undefined) throw new Error('nobody sells yet');
  const until = BigInt(now) + 3_600n;
  const order = {
    consumer: account.address.toLowerCase() as Hex,
    requirement: wanted.id as Hex,
    cards: 1,
    duration: 3_600,
    startPrice: BigInt(wanted.prices[0]?.price ?? '2000000'),
    taskCompute: 0,
    taskNetwork: 0,
    taskStorage: 0,
    region: ZERO_HASH,
    latestStart: until,
    validUntil: until,
    minReputation: 0,
    minTier: 0,
    nonce,
  };
  const domain = { chainId: Number(deployment['chainId']), auction: deployment['auction'] as Hex };
  const { id } = await sendOrder(market, { domain, scheduler: deployment['scheduler'] as Hex }, order, {
    workload: { command: ['nvidia-smi'] },
    sign: (hash) => account.sign({ hash }),
  });
  return id;
}
