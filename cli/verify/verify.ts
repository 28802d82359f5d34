/** `cardhour verify`: slots replayed from their published inputs, judged against nothing but the chain. */
import { existsSync, readFileSync } from 'node:fs';
import { createPublicClient, http, parseAbiItem } from 'viem';
import { createEvidence, type SlotInputs } from '../../app/server/evidence.ts';
import { slotInputsSchema } from '../../app/server/wire.ts';
import { parseDeployment, type Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { verifySlot, type RuleResult } from '../../domain/verify.ts';

const LOG_RANGE = 2_000n;
const SLOT_COMMITTED = parseAbiItem(
  'event SlotCommitted(uint64 indexed slot, address indexed scheduler, (uint64 slot, uint64 closeBlock, bytes32 seed, uint64 gammaWad, uint16 pageCount, uint32 orderCount, uint32 askCount, uint32 matchCount, bytes32 ordersRoot, bytes32 asksRoot, bytes32 inputsHash) header)',
);

export interface VerifyOptions {
  /** Absent: every slot that the chain has. */
  slot?: bigint;
  apiUrl: string;
  rpcUrl: string;
  /** File with the contracts' addresses; absent: asked from the API, which is said. */
  deploymentFile?: string;
  json: boolean;
}

/** Prints a line per rule; the exit code is 1 when any rule of any slot fails or could not be checked. */
export async function verify(options: VerifyOptions, print: (line: string) => void): Promise<number> {
  const deployment = await deploymentOf(options, print);
  const { rpcUrl } = options;
  await checkChain(rpcUrl, deployment);
  const slots = options.slot === undefined ? await committedSlots(rpcUrl, deployment) : [options.slot];
  if (slots.length === 0) print('The chain has no committed slot yet.');
  const source = createEvidence({ rpcUrl, deployment });
  const digests = new WeakMap<object, Hex>();
  let failed = 0;
  for (const slot of slots) {
    const results = verifySlot(await source.collect(slot, await inputsOf(options.apiUrl, slot)), digests);
    const ok = results.every((result) => result.ok);
    if (!ok) failed++;
    if (options.json) print(JSON.stringify({ slot: slot.toString(), ok, rules: results }));
    else for (const line of linesOf(slot, results)) print(line);
  }
  if (!options.json && slots.length > 1)
    print(`${slots.length} slots: ${slots.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

function linesOf(slot: bigint, results: readonly RuleResult[]): string[] {
  const lines = results.map(({ rule, sentence, ok, checked, firstDifference }) =>
    ok
      ? `PASS  ${rule.padEnd(14)} ${sentence} (${checked} checked)`
      : `FAIL  ${rule.padEnd(14)} ${firstDifference ?? sentence}`,
  );
  const passed = results.filter((result) => result.ok).length;
  return [
    `slot ${slot}`,
    ...lines,
    `${passed === results.length ? 'PASS' : 'FAIL'}  ${passed} of ${results.length} rules`,
  ];
}

/** The published inputs; null when nobody hands them out, which the rules that need them then say. */
export async function inputsOf(apiUrl: string, slot: bigint): Promise<SlotInputs | null> {
  const response = await ask(`${apiUrl}/api/slots/${slot}/inputs`);
  if (!response.ok) return null;
  const parsed = slotInputsSchema.safeParse(await response.json().catch(() => null));
  return parsed.success ? parsed.data : null;
}

export async function deploymentOf(
  { apiUrl, deploymentFile }: Pick<VerifyOptions, 'apiUrl' | 'deploymentFile'>,
  print: (line: string) => void,
): Promise<Deployment> {
  if (deploymentFile !== undefined && existsSync(deploymentFile))
    return parseDeployment(readFileSync(deploymentFile, 'utf8'));
  const response = await ask(`${apiUrl}/api/config`);
  const config = (await response.json().catch(() => null)) as { deployment?: unknown } | null;
  const deployment = parseDeployment(config?.deployment ?? config);
  print(
    `The contracts' addresses come from ${apiUrl}: Auction ${deployment.auction}. Compare, or pass --deployment FILE.`,
  );
  return deployment;
}

/** Says at once that the chain is silent, another one, or without the contracts, instead of failing every rule. */
export async function checkChain(rpcUrl: string, { chainId, auction }: Deployment): Promise<void> {
  const client = createPublicClient({ transport: http(rpcUrl, { retryCount: 1 }) });
  const found = await client.getChainId().catch((error: unknown) => {
    throw unreachable(rpcUrl, error);
  });
  if (found !== chainId)
    throw new Refusal(
      'WRONG_CHAIN',
      `${rpcUrl} is chain ${found}; the market stands on chain ${chainId}.`,
      'Pass --rpc URL of that chain.',
    );
  if ((await client.getCode({ address: auction })) === undefined)
    throw new Refusal(
      'NOT_DEPLOYED',
      `${rpcUrl} has no contract at ${auction}.`,
      'Pass --deployment FILE of the market on that chain, or --rpc URL of its chain.',
    );
}

/** Slots that the chain has, ascending. */
async function committedSlots(rpcUrl: string, { auction, deployBlock }: Deployment): Promise<bigint[]> {
  const client = createPublicClient({ transport: http(rpcUrl) });
  const slots: bigint[] = [];
  const head = await client.getBlockNumber();
  for (let from = BigInt(deployBlock); from <= head; from += LOG_RANGE) {
    const toBlock = from + LOG_RANGE - 1n < head ? from + LOG_RANGE - 1n : head;
    const logs = await client.getLogs({ address: auction, event: SLOT_COMMITTED, fromBlock: from, toBlock });
    for (const log of logs) if (log.args.slot !== undefined) slots.push(log.args.slot);
  }
  return slots.sort((a, b) => (a < b ? -1 : 1));
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url);
  } catch (error) {
    throw unreachable(new URL(url).origin, error);
  }
}

function unreachable(url: string, error: unknown): Refusal {
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return new Refusal(
    'CHAIN_UNREACHABLE',
    `${url} does not answer (${why}).`,
    'Start the market (npm start), or pass --api URL and --rpc URL.',
  );
}
