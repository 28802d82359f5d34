/** Events in an order that makes sense: those of a real day of trade, as a chain recorded them, and money that moves about. */
import { encodeAbiParameters, encodeEventTopics } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { vaultAbi } from '../../contracts/generated/abi.ts';
import type { Hex } from '../../domain/types.ts';
import { openActors, SCHEDULER } from '../indexer/actors.ts';
import { tradeOneDay } from '../indexer/day.ts';
import { account, deployMarket, startChain } from '../support/chain.ts';
import { PARAMETERS } from '../indexer/setup.ts';

export interface TapedLog {
  address: Hex;
  topics: Hex[];
  data: Hex;
}

export interface Tape {
  deployment: Deployment;
  /** By transaction, in order. Each makes sense after those before. */
  day: TapedLog[][];
}

/** Trades a day on a real chain and records it. */
export async function recordDay(): Promise<Tape> {
  const chain = await startChain();
  try {
    const deployment = await deployMarket(chain.rpcUrl, PARAMETERS);
    await bondTestMoney({ rpcUrl: chain.rpcUrl, deployment, schedulerKey: account(SCHEDULER).key });
    await tradeOneDay(chain, deployment, openActors(chain, deployment));
    type Log = TapedLog & { transactionHash: Hex };
    const logs = await chain.rpc<Log[]>('eth_getLogs', [{ fromBlock: '0x0' }]);
    const day = [...Map.groupBy(logs, (log) => log.transactionHash).values()].map((some) =>
      some.map(({ address, topics, data }) => ({ address, topics, data })),
    );
    return { deployment: { ...deployment, deployBlock: 1 }, day };
  } finally {
    await chain.stop();
  }
}

/** Money that moves between some of 50 accounts: it makes sense at any time. */
export function anyMove(deployment: Deployment, random: () => number): TapedLog {
  const who = (): Hex =>
    `0xacc${Math.floor(random() * 50)
      .toString(16)
      .padStart(37, '0')}`;
  const amount = encodeAbiParameters([{ type: 'uint256' }], [BigInt(Math.floor(random() * 1e9))]);
  const topics =
    random() < 0.5
      ? encodeEventTopics({ abi: vaultAbi, eventName: 'Distributed', args: { account: who(), to: who() } })
      : encodeEventTopics({ abi: vaultAbi, eventName: 'BiddingFunded', args: { account: who() } });
  return { address: deployment.vault, topics: topics as Hex[], data: amount };
}
