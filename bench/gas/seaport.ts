/** The yardstick: Seaport 1.6, compiled from its npm package with its own compiler settings, sells an ERC-721 for an ERC-20. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encodeDeployData, encodeFunctionData, type Abi } from 'viem';
import { hashTypedData } from 'viem';
import type { Hex } from '../../domain/types.ts';
import { testStablecoinAbi } from '../../contracts/generated/abi.ts';
import type { Party, Spent, World } from './world.ts';

const SEAPORT = 'seaport-core/src/Seaport.sol';
const CONDUITS = 'seaport-core/src/conduit/ConduitController.sol';
const COLLECTIBLE = './Collectible.sol';
/** ERC-20 for an ERC-721, whole, open to all (`BasicOrderType`). */
const ERC20_TO_ERC721_FULL_OPEN = 8;
const [ERC20, ERC721] = [1, 2];
const FAR = 4_000_000_000n;
const PRICE = 3_000_000n;
const ZERO = `0x${'0'.repeat(64)}` as const;
const NOBODY = `0x${'0'.repeat(40)}` as const;

const SETTINGS = {
  viaIR: true,
  evmVersion: 'cancun',
  metadata: { bytecodeHash: 'none' },
  optimizer: {
    enabled: true,
    runs: 4_294_967_295,
    // The sequence of the compiler that Seaport was written for; today's does not compile it.
    details: {
      yul: true,
      yulDetails: {
        stackAllocation: true,
        optimizerSteps:
          'dhfoDgvulfnTUtnIf[xa[r]EscLMcCTUtTOntnfDIulLculVcul[j]Tpeulxa[rul]xa[r]cLgvifCTUca[r]LSsTOtfDnca[r]Iulc]jmul[jul]VcTOculjmul:fDnTOcmu',
      },
    },
  },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
};

interface Compiled {
  abi: Abi;
  bytecode: Hex;
}

interface CompilerOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>;
}

/** Gas of `fulfillBasicOrder`: of the first sale between two wallets, and of the second. */
export async function seaportBasic(world: World): Promise<{ fresh: number; used: number }> {
  const [seaport, conduits, collectible] = compile();
  const deployer = await world.newcomer('seaport deployer');
  const deploy = async ({ abi, bytecode }: Compiled, args: unknown[]): Promise<Hex> => {
    const data = encodeDeployData({ abi, bytecode, args });
    const { receipt } = await world.transact(deployer.address, null, data);
    return receipt.contractAddress!;
  };
  const at_ = await deploy(seaport, [await deploy(conduits, [])]);
  const token = await deploy(collectible, []);
  const [maker, taker] = [await world.newcomer('seaport maker'), await world.newcomer('seaport taker')];
  const send = (from: Party, to: Hex, abi: Abi, functionName: string, args: unknown[]) =>
    world.transact(from.address, to, encodeFunctionData({ abi, functionName, args }));
  await send(maker, token, collectible.abi, 'setApprovalForAll', [at_, true]);
  await send(taker, world.deployment.token, testStablecoinAbi, 'approve', [at_, 2n ** 256n - 1n]);
  for (const id of [1n, 2n, 3n]) await send(maker, token, collectible.abi, 'mint', [maker.address, id]);

  const sell = async (id: bigint): Promise<Spent> => {
    const order = basicOrder(world, maker, token, id);
    const signature = await maker.sign(digest(world, at_, maker, order));
    return send(taker, at_, seaport.abi, 'fulfillBasicOrder', [{ ...order, signature }]);
  };
  const fresh = await sell(1n);
  return { fresh: fresh.gas, used: (await sell(2n)).gas };
}

function basicOrder(world: World, maker: Party, token: Hex, id: bigint) {
  return {
    considerationToken: world.deployment.token,
    considerationIdentifier: 0n,
    considerationAmount: PRICE,
    offerer: maker.address,
    zone: NOBODY,
    offerToken: token,
    offerIdentifier: id,
    offerAmount: 1n,
    basicOrderType: ERC20_TO_ERC721_FULL_OPEN,
    startTime: 0n,
    endTime: FAR,
    zoneHash: ZERO,
    salt: id,
    offererConduitKey: ZERO,
    fulfillerConduitKey: ZERO,
    totalOriginalAdditionalRecipients: 0n,
    additionalRecipients: [],
  };
}

/** What the maker signs: the same order as its components. */
function digest(
  world: World,
  verifyingContract: Hex,
  maker: Party,
  order: ReturnType<typeof basicOrder>,
): Hex {
  const item = [
    { name: 'itemType', type: 'uint8' },
    { name: 'token', type: 'address' },
    { name: 'identifierOrCriteria', type: 'uint256' },
    { name: 'startAmount', type: 'uint256' },
    { name: 'endAmount', type: 'uint256' },
  ];
  return hashTypedData({
    domain: { name: 'Seaport', version: '1.6', chainId: world.deployment.chainId, verifyingContract },
    primaryType: 'OrderComponents',
    types: {
      OfferItem: item,
      ConsiderationItem: [...item, { name: 'recipient', type: 'address' }],
      OrderComponents: [
        { name: 'offerer', type: 'address' },
        { name: 'zone', type: 'address' },
        { name: 'offer', type: 'OfferItem[]' },
        { name: 'consideration', type: 'ConsiderationItem[]' },
        { name: 'orderType', type: 'uint8' },
        { name: 'startTime', type: 'uint256' },
        { name: 'endTime', type: 'uint256' },
        { name: 'zoneHash', type: 'bytes32' },
        { name: 'salt', type: 'uint256' },
        { name: 'conduitKey', type: 'bytes32' },
        { name: 'counter', type: 'uint256' },
      ],
    },
    message: {
      ...order,
      offer: [asItem(ERC721, order.offerToken, order.offerIdentifier, 1n)],
      consideration: [{ ...asItem(ERC20, order.considerationToken, 0n, PRICE), recipient: maker.address }],
      orderType: 0,
      conduitKey: ZERO,
      counter: 0n,
    },
  });
}

function asItem(itemType: number | undefined, token: Hex, identifierOrCriteria: bigint, amount: bigint) {
  return { itemType: itemType ?? 0, token, identifierOrCriteria, startAmount: amount, endAmount: amount };
}

function compile(): [seaport: Compiled, conduits: Compiled, collectible: Compiled] {
  const require = createRequire(import.meta.url);
  const fromSeaport = createRequire(require.resolve('seaport-core/package.json'));
  const { compile: solc } = require('solc') as {
    compile(
      input: string,
      callbacks: { import(path: string): { contents: string } | { error: string } },
    ): string;
  };
  const contents = (path: string): string =>
    readFileSync(path.startsWith('.') ? new URL(path, import.meta.url) : fromSeaport.resolve(path), 'utf8');
  const sources = Object.fromEntries(
    [SEAPORT, CONDUITS, COLLECTIBLE].map((path) => [path, { content: contents(path) }]),
  );
  const input = JSON.stringify({ language: 'Solidity', sources, settings: SETTINGS });
  const output = JSON.parse(
    solc(input, { import: (path) => ({ contents: contents(path) }) }),
  ) as CompilerOutput;
  const error = output.errors?.find(({ severity }) => severity === 'error');
  if (error) throw new Error(error.formattedMessage);
  const pick = (path: string, name: string): Compiled => {
    const { abi, evm } = output.contracts[path]![name]!;
    return { abi, bytecode: `0x${evm.bytecode.object}` };
  };
  return [pick(SEAPORT, 'Seaport'), pick(CONDUITS, 'ConduitController'), pick(COLLECTIBLE, 'Collectible')];
}
