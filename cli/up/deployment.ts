import { readFile, rename, writeFile } from 'node:fs/promises';
import addresses from '../../contracts/addresses.json' with { type: 'json' };
import { deploy } from '../../contracts/deploy.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { formatDeployment, parseDeployment, type Deployment } from '../../contracts/deployment.ts';
import { DEFAULTS, type Parameters } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import { CHAIN_ID } from '../chain.ts';
import { openRpc, type Rpc } from '../rpc.ts';
import { demoAccount, demoKey } from '../demo/roster.ts';

/** Accounts of the demo mnemonic; the demo's parties are in `cli/demo/roster.ts`. */
const DEPLOYER = 0;
export const SCHEDULER = 1;
const TREASURY = 2;
/** They watch when somebody runs them; the demo's providers are left unwatched. */
const MONITORS = [9, 10, 11];

/** Short enough to watch: a lease of 10 s that is settled 5 s after its end. */
const DEMO_PARAMETERS: Parameters = {
  ...DEFAULTS,
  slotSeconds: 10,
  commitDeadlineSeconds: 60,
  minLeaseSeconds: 10,
  minBillSeconds: 10,
  settleLagSeconds: 5,
  unbondSeconds: 600,
  noticeSeconds: 60,
  noShowGraceSeconds: 5,
};

/**
 * The market on our own chain: what the file names, deployed first when there is no file.
 * @param saveChain makes the chain's present state last
 * @throws Refusal when the chain lost the contracts that the file names
 */
export async function ownMarket(
  rpcUrl: string,
  file: string,
  saveChain: () => Promise<void>,
): Promise<{ deployment: Deployment; fresh: boolean }> {
  const rpc = openRpc(rpcUrl);
  try {
    const known = await readDeployment(file);
    if (known === undefined) {
      const deployment = await deploy({
        rpcUrl,
        deployerKey: demoKey(DEPLOYER),
        scheduler: demoAccount(SCHEDULER).address,
        treasury: demoAccount(TREASURY).address,
        // Test money on a chain of its own: who plays the administration need not wait.
        adminDelaySeconds: 0,
        monitors: MONITORS.map((index) => demoAccount(index).address),
        parameters: DEMO_PARAMETERS,
      });
      await bondTestMoney({ rpcUrl, deployment, schedulerKey: demoKey(SCHEDULER) });
      // In this order: a file that names contracts which the chain has lost would stop every later start.
      await saveChain();
      await writeFile(`${file}.new`, formatDeployment(deployment));
      await rename(`${file}.new`, file);
      return { deployment, fresh: true };
    }
    if (!(await hasCode(rpc, known))) {
      throw new Refusal(
        'CHAIN_REPLACED',
        `The chain no longer has the market that ${file} names.`,
        "Restore the chain's state from a copy, or start over with: npm start -- --reset",
      );
    }
    return { deployment: known, fresh: false };
  } finally {
    rpc.close();
  }
}

/**
 * The market on a chain of somebody else's, which we never deploy to.
 * @throws Refusal CHAIN_UNREACHABLE, WRONG_CHAIN, NOT_DEPLOYED
 */
export async function foreignMarket(rpcUrl: string, file: string): Promise<Deployment> {
  const rpc = openRpc(rpcUrl, 10_000);
  try {
    const chainId = await rpc.call<string>('eth_chainId').then(Number, (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Refusal(
        'CHAIN_UNREACHABLE',
        `No chain answers at RPC_URL ${rpcUrl} (${reason}).`,
        'Start that chain or correct RPC_URL; without RPC_URL, npm start brings its own chain.',
      );
    });
    const deployment = (await readDeployment(file)) ?? (await fromAddressBook(chainId, file));
    if (deployment === undefined) {
      throw new Refusal(
        'NOT_DEPLOYED',
        `The chain at RPC_URL has the id ${chainId}, and no market is known there: neither ${file} nor contracts/addresses.json names one.`,
        'Name its deployment file with DEPLOYMENT_FILE, or unset RPC_URL to use the local chain.',
      );
    }
    if (deployment.chainId !== chainId) {
      throw new Refusal(
        'WRONG_CHAIN',
        `The chain at RPC_URL has the id ${chainId}, the market in ${file} is on chain ${deployment.chainId}.`,
        'Correct RPC_URL or DEPLOYMENT_FILE, or unset RPC_URL to use the local chain.',
      );
    }
    if (!(await hasCode(rpc, deployment))) {
      throw new Refusal(
        'NOT_DEPLOYED',
        `The chain at RPC_URL (id ${chainId}) has no contract at ${deployment.auction}, where ${file} puts the market.`,
        'Correct RPC_URL or DEPLOYMENT_FILE, or unset RPC_URL to use the local chain.',
      );
    }
    return deployment;
  } finally {
    rpc.close();
  }
}

/** The demo mnemonic's accounts have money and keys on a local chain alone. */
export function isLocal(deployment: Deployment): boolean {
  return deployment.chainId === CHAIN_ID;
}

/** A public market by the address book; written to `file`, for the parts to read. */
async function fromAddressBook(chainId: number, file: string): Promise<Deployment | undefined> {
  const known = (addresses as Record<string, unknown>)[chainId];
  if (known === undefined) return undefined;
  const deployment = parseDeployment(known);
  await writeFile(file, formatDeployment(deployment));
  return deployment;
}

async function hasCode(rpc: Rpc, deployment: Deployment): Promise<boolean> {
  const code = await rpc.call<string>('eth_getCode', [deployment.auction, 'latest']);
  return code.length > 2;
}

async function readDeployment(file: string): Promise<Deployment | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Refusal(
      'DATA_BROKEN',
      `${file} can't be read (${error.message}).`,
      'Mend that and start again.',
    );
  });
  if (text === undefined) return undefined;
  try {
    return parseDeployment(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      'DATA_BROKEN',
      `${file} can't be used: ${reason}`,
      'Restore it from a copy, or start over with: npm start -- --reset',
    );
  }
}
