/** `cardhour demand`: makes the scheduler show a leaf's item on-chain, or pay. */
import { demand, type DemandTree } from '../../domain/claims/demands.ts';
import { TAG } from '../../domain/merkle.ts';
import { Refusal } from '../../domain/refusal.ts';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { checkChain, deploymentOf } from '../verify/market.ts';
import { readCommon, wholeNumber, type CommonFlags, type CommonOptions } from './flags.ts';
import { accountOf } from './key.ts';
import { pursue } from './pursue.ts';
import { openWallet } from './wallet.ts';

export interface DemandFlags extends CommonFlags {
  tree: string;
  index: string;
}

export interface DemandOptions extends CommonOptions {
  tree: DemandTree;
  index: number;
}

/** @throws Refusal when tree or index is none */
export function readDemand(flags: DemandFlags): DemandOptions {
  const index = Number(wholeNumber(flags.index, 'leaf', '--index I'));
  return { ...readCommon(flags), tree: treeOf(flags.tree), index };
}

/** The exit code is 0 when the item was shown or the demand was upheld. */
export async function demandItem(options: DemandOptions, print: (line: string) => void): Promise<number> {
  const { slot, tree, index, rpcUrl } = options;
  const account = accountOf(options.keyFile);
  const deployment = await deploymentOf(options, print);
  await checkChain(rpcUrl, deployment);
  const { committed } = await createEvidence({ rpcUrl, deployment }).collect(slot, null);
  if (!committed)
    throw new Refusal('NOT_FOUND', `The chain has no header of slot ${slot}.`, 'Demand of a committed slot.');
  const wallet = openWallet(rpcUrl, account);
  const claim = demand(committed.header, tree, index, '');
  const pursuit = { wallet, deployment, since: committed.block.number, say: print };
  const [outcome] = await pursue(pursuit, [claim]);
  if (outcome?.state === 'refuted')
    print('It was shown: see the events OrderShown and AskShown of the Receipts contract.');
  return outcome?.state === 'upheld' || outcome?.state === 'refuted' ? 0 : 1;
}

function treeOf(name: string): DemandTree {
  if (name === 'orders' || name === 'asks') return TAG[name];
  throw new Refusal('MALFORMED', `'${name}' is no tree of a slot.`, 'Pass --tree orders or --tree asks.');
}
