import { createPublicClient, http, type PublicClient } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { checkWiring } from '../../app/evidence/wiring.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { deployMarket, startChain, type TestChain } from '../support/chain.ts';

/** What no rule of a slot rests on, or nobody can know from the Auction. */
const BELIEVED = ['chainId', 'auction', 'treasury', 'deployBlock'];

let chain: TestChain;
let deployment: Deployment;
let client: PublicClient;
beforeAll(async () => {
  chain = await startChain();
  deployment = await deployMarket(chain.rpcUrl);
  client = createPublicClient({ transport: http(chain.rpcUrl, { batch: true }) });
});
afterAll(() => chain.stop());

test('a deployment that tells truly of its contracts is taken', async () => {
  await expect(checkWiring(client, deployment)).resolves.toBeUndefined();
});

test('every address and parameter that is told otherwise is named', async () => {
  const { parameters, ...rest } = deployment;
  const addresses = Object.keys(rest).filter((name) => !BELIEVED.includes(name));
  for (const name of addresses)
    await expect(checkWiring(client, { ...deployment, [name]: deployment.treasury })).rejects.toMatchObject({
      code: 'WRONG_DEPLOYMENT',
      message: expect.stringContaining(`says that ${name} is ${deployment.treasury}`) as string,
    });
  for (const [name, value] of Object.entries(parameters)) {
    const other = typeof value === 'bigint' ? value + 1n : (value as number) + 1;
    const told = { ...deployment, parameters: { ...parameters, [name]: other } };
    await expect(checkWiring(client, told)).rejects.toMatchObject({
      code: 'WRONG_DEPLOYMENT',
      message: expect.stringContaining(`says that ${name} is ${other}`) as string,
    });
  }
});

test('no slot is judged by a false deployment', async () => {
  const told = {
    ...deployment,
    parameters: { ...deployment.parameters, gammaWad: 700_000_000_000_000_000n },
  };
  const source = createEvidence({ rpcUrl: chain.rpcUrl, deployment: told });
  await expect(source.slots()).rejects.toThrow(/gammaWad/);
  await expect(source.collect(1n, null)).rejects.toThrow(/gammaWad/);
});
