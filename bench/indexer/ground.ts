/** One node and one PostgreSQL for both indexers: a contract whose events move money between accounts, each two upserts and one insert. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFunctionData, parseAbi } from 'viem';
import { formatDeployment, parseDeployment, type Deployment } from '../../contracts/deployment.ts';
import { untilMined } from '../../contracts/receipt.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { build } from '../../test/proofs/mutants/compiler.ts';
import { account, startChain, type TestChain } from '../../test/support/chain.ts';

export const EVENTS_PER_BLOCK = 200;
export const ACCOUNTS = 1_000;

export interface Ground {
  chain: TestChain;
  trades: Hex;
  deployment: Deployment;
  /** Mines blocks of events, one transaction each. */
  mine(blocks: number): Promise<void>;
  /** A database of its own, with our tables or without any. */
  database(name: string, ours: boolean): Promise<string>;
  dir: string;
  close(): Promise<void>;
}

const ABI = parseAbi(['function trade(uint256 from, uint256 count, uint256 accounts)']);
const SOURCE = 'bench/indexer/Trades.sol';
const NAMES = [
  ...['token', 'authority', 'vault', 'registry', 'clusters', 'reputation', 'auction', 'market', 'leaseBook'],
  ...['monitors', 'bond', 'claims', 'receipts', 'oversold', 'treasury', 'scheduler'],
];

export async function openGround(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-indexer-'));
  const server = await startPostgres({ dir });
  const chain = await startChain();
  const from = account(0).address;
  const send = async (transaction: object): Promise<Hex | null> => {
    const hash = await chain.rpc<Hex>('eth_sendTransaction', [{ from, gas: '0x1c9c380', ...transaction }]);
    const ask = () => chain.rpc<{ contractAddress: Hex | null } | null>('eth_getTransactionReceipt', [hash]);
    return (await untilMined(ask, undefined, 1)).contractAddress;
  };
  const id = `${SOURCE}:Trades`;
  const { creation } = build({ [SOURCE]: await readFile(SOURCE, 'utf8') }, [id])[id]!;
  const trades = (await send({ data: creation }))!;
  let next = 0;
  return {
    chain,
    trades,
    deployment: deploymentOf(trades),
    dir,
    async mine(blocks) {
      for (let i = 0; i < blocks; i++) {
        const args = [BigInt(next), BigInt(EVENTS_PER_BLOCK), BigInt(ACCOUNTS)] as const;
        await send({ to: trades, data: encodeFunctionData({ abi: ABI, args }) });
        next += EVENTS_PER_BLOCK;
      }
    },
    async database(name, ours) {
      const url = await createDatabase(server.url, name);
      if (ours) await migrate(url);
      return url;
    },
    async close() {
      await chain.stop();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A market whose vault is the contract of the events; nothing stands where its other contracts would be. */
function deploymentOf(trades: Hex): Deployment {
  const addresses = NAMES.map((name, index) => {
    const nobody = `0x${(index + 1).toString(16).padStart(40, 'e')}`;
    return [name, name === 'vault' || name === 'auction' ? trades : nobody];
  });
  const fields = {
    ...(Object.fromEntries(addresses) as Record<string, Hex>),
    chainId: 31_337,
    deployBlock: 1,
    parameters: DEFAULTS,
  };
  return parseDeployment(formatDeployment(fields as Deployment));
}
