import { Contract, JsonRpcProvider } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../../contracts/deploy.ts';
import { formatDeployment, parseDeployment } from '../../contracts/deployment.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import {
  auctionAbi,
  authorityAbi,
  clustersAbi,
  leaseBookAbi,
  marketAbi,
  monitorsAbi,
  providerRegistryAbi,
  reputationAbi,
  vaultAbi,
} from '../../contracts/generated/abi.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import { account, deployMarket, startChain } from '../support/chain.ts';
import type { TestChain } from '../support/chain.ts';
import { startLiar } from '../support/liar.ts';

describe('deploy', () => {
  let chain: TestChain;
  let provider: JsonRpcProvider;
  let deployment: Deployment;

  beforeAll(async () => {
    chain = await startChain({ noMining: true });
    provider = new JsonRpcProvider(chain.rpcUrl, undefined, { staticNetwork: true });
    deployment = await deployMarket(chain.rpcUrl, {}, () => chain.mine());
  });
  afterAll(async () => {
    provider.destroy();
    await chain.stop();
  });

  async function read(address: string, abi: typeof vaultAbi | typeof auctionAbi, name: string) {
    const value: unknown = await new Contract(address, abi, provider).getFunction(name).staticCall();
    return String(value).toLowerCase();
  }

  it('wires the contracts to each other', async () => {
    const { vault, registry, auction, market, leaseBook, token, treasury, scheduler } = deployment;
    const { clusters, reputation, monitors } = deployment;
    const wires: [string, unknown, string, string][] = [
      [vault, vaultAbi, 'TOKEN', token],
      [vault, vaultAbi, 'REGISTRY', registry],
      [vault, vaultAbi, 'AUCTION', auction],
      [vault, vaultAbi, 'LEASE_BOOK', leaseBook],
      [vault, vaultAbi, 'MARKET', market],
      [vault, vaultAbi, 'authority', deployment.authority],
      [vault, vaultAbi, 'treasury', treasury],
      [registry, providerRegistryAbi, 'VAULT', vault],
      [auction, auctionAbi, 'VAULT', vault],
      [auction, auctionAbi, 'REGISTRY', registry],
      [auction, auctionAbi, 'LEASE_BOOK', leaseBook],
      [auction, auctionAbi, 'SCHEDULER', scheduler],
      [leaseBook, leaseBookAbi, 'VAULT', vault],
      [leaseBook, leaseBookAbi, 'REGISTRY', registry],
      [leaseBook, leaseBookAbi, 'AUCTION', auction],
      [leaseBook, leaseBookAbi, 'MARKET', market],
      [leaseBook, leaseBookAbi, 'CLUSTERS', clusters],
      [leaseBook, leaseBookAbi, 'REPUTATION', reputation],
      [leaseBook, leaseBookAbi, 'MONITORS', monitors],
      [auction, auctionAbi, 'CLUSTERS', clusters],
      [auction, auctionAbi, 'REPUTATION', reputation],
      [registry, providerRegistryAbi, 'CLUSTERS', clusters],
      [registry, providerRegistryAbi, 'authority', deployment.authority],
      [vault, vaultAbi, 'CLUSTERS', clusters],
      [vault, vaultAbi, 'MONITORS', monitors],
      [clusters, clustersAbi, 'VAULT', vault],
      [clusters, clustersAbi, 'REGISTRY', registry],
      [clusters, clustersAbi, 'AUCTION', auction],
      [reputation, reputationAbi, 'LEASE_BOOK', leaseBook],
      [reputation, reputationAbi, 'CLUSTERS', clusters],
      [monitors, monitorsAbi, 'VAULT', vault],
      [monitors, monitorsAbi, 'CLUSTERS', clusters],
      [monitors, monitorsAbi, 'authority', deployment.authority],
      [market, marketAbi, 'VAULT', vault],
      [market, marketAbi, 'REGISTRY', registry],
      [market, marketAbi, 'AUCTION', auction],
      [market, marketAbi, 'LEASE_BOOK', leaseBook],
      [market, marketAbi, 'authority', deployment.authority],
      [auction, auctionAbi, 'authority', deployment.authority],
    ];
    for (const [address, abi, name, wanted] of wires) {
      expect(await read(address, abi as typeof vaultAbi, name), name).toBe(wanted);
    }
  });

  it('takes the parties and parameters it was given', async () => {
    expect(deployment.scheduler).toBe(account(1).address);
    expect(deployment.treasury).toBe(account(2).address);
    expect(await read(deployment.auction, auctionAbi, 'GAMMA_WAD')).toBe(String(DEFAULTS.gammaWad));
    expect(deployment.deployBlock).toBe(1);
  });

  it('settles in the token it is given', async () => {
    const second = await deploy({
      rpcUrl: chain.rpcUrl,
      deployerKey: account(9).key,
      scheduler: account(1).address,
      treasury: account(2).address,
      monitors: [account(5).address, account(4).address],
      parameters: DEFAULTS,
      token: deployment.token,
      onBroadcast: () => chain.mine(),
    });
    expect(second.token).toBe(deployment.token);
    expect(await read(second.vault, vaultAbi, 'TOKEN')).toBe(deployment.token);
    const authority = new Contract(second.authority, authorityAbi, provider);
    const access: unknown = await authority.getFunction('getAccess').staticCall(0, account(9).address);
    expect(access, 'the administration waits for two days').toMatchObject({ 1: 172_800n });
  });

  it('says which parameter is out of its bounds', async () => {
    const refused = deployMarket(chain.rpcUrl, { slotSeconds: 5_000 }, () => chain.mine());
    await expect(refused).rejects.toThrow('The parameter slotSeconds is 5000, it must be from 1 to 3600.');
  });

  it('comes back from its text as it was', () => {
    expect(parseDeployment(JSON.parse(formatDeployment(deployment)))).toEqual(deployment);
  });

  it.each([
    ['an address', { token: '0x12' }, 'token must be an address'],
    ['a number', { deployBlock: 'soon' }, 'deployBlock must be a whole number'],
    ['the parameters', { parameters: null }, 'parameters must be an object'],
  ])('is refused when %s is wrong', (_what, wrong, sentence) => {
    expect(() => parseDeployment({ ...deployment, ...wrong })).toThrow(sentence);
  });
});

it('ends although the node shows receipts late and no block follows', async () => {
  const chain = await startChain();
  const liar = await startLiar(chain.rpcUrl);
  try {
    const asked = new Map<unknown, number>();
    liar.tell(({ method, params: [hash] }, truth) => {
      if (method !== 'eth_getTransactionReceipt') return truth();
      asked.set(hash, (asked.get(hash) ?? 0) + 1);
      return asked.get(hash)! > 3 ? truth() : { result: null };
    });
    const deployment = await deployMarket(liar.rpcUrl);
    await bondTestMoney({ rpcUrl: liar.rpcUrl, deployment, schedulerKey: account(1).key });
    expect(asked.size).toBeGreaterThan(15);
  } finally {
    await liar.close();
    await chain.stop();
  }
});
