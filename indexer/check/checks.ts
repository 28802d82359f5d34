/** What the contracts themselves say of a row: a table, a call of a view, and a comparison each. */
import { decodeFunctionResult, encodeFunctionData, type Abi } from 'viem';
import type { Deployment } from '../../contracts/deployment.ts';
import {
  auctionAbi,
  leaseBookAbi,
  marketAbi,
  providerRegistryAbi,
  vaultAbi,
} from '../../contracts/generated/abi.ts';
import { leaseRef, leaseRoot } from '../../domain/lease-page.ts';
import type { Hex } from '../../domain/types.ts';
import { Lie } from '../chain/endpoints.ts';

/** A row as `pg` reads it: wide integers are decimal strings. */
export type StoredRow = Record<string, string | number | boolean | null>;

export interface Check {
  table: string;
  /** Gives rows; `t` is the table. */
  select: string;
  /** Column that names a row. */
  key: string;
  contract: 'vault' | 'registry' | 'leaseBook' | 'auction' | 'market';
  abi: Abi;
  method: string;
  args(row: StoredRow): unknown[];
  /** Row and chain side by side, in the same form; they are equal when the texts are. */
  compare(row: StoredRow, said: unknown): [row: unknown[], chain: unknown[]];
}

const CHECKS: readonly Check[] = [
  {
    table: 'account',
    select: 'SELECT t.* FROM account t',
    key: 'address',
    contract: 'vault',
    abi: vaultAbi,
    method: 'balanceOf',
    args: ({ address }) => [address],
    compare: ({ available, bidding, unbidding, staked }, said) => [
      [available, bidding, unbidding, staked],
      said as unknown[],
    ],
  },
  {
    table: 'provider',
    select: 'SELECT t.* FROM provider t',
    key: 'address',
    contract: 'registry',
    abi: providerRegistryAbi,
    method: 'providerOf',
    args: ({ address }) => [address],
    compare({ payout, signer, stake, exitAt }, said) {
      const provider = said as { payout: string; signer: string; stake: bigint };
      // What has left may have lost its keys; its money counts.
      if (exitAt !== null) return [[stake], [provider.stake]];
      const { payout: to, signer: key } = provider;
      return [
        [payout, signer, stake],
        [to.toLowerCase(), key.toLowerCase(), provider.stake],
      ];
    },
  },
  {
    table: 'node',
    select: 'SELECT t.* FROM node t',
    key: 'id',
    contract: 'registry',
    abi: providerRegistryAbi,
    method: 'nodeOf',
    args: ({ id }) => [id],
    compare({ provider, cards, epoch, clusteredUntil }, said) {
      const node = said as { provider: string; cards: number; epoch: number; clusteredUntil: number };
      return [
        [provider, cards, epoch, clusteredUntil],
        [node.provider.toLowerCase(), node.cards, node.epoch, node.clusteredUntil],
      ];
    },
  },
  {
    table: 'page',
    select: 'SELECT t.* FROM page t',
    key: 'id',
    contract: 'leaseBook',
    abi: leaseBookAbi,
    method: 'pageOf',
    args: ({ id }) => [BigInt(id as string)],
    compare(row, said) {
      return [[leaseRoot(pageOf(row, 'id'))], [(said as { root: Hex }).root]];
    },
  },
  {
    table: 'lease',
    select: `SELECT t.*, p.id AS "pageId", p.source, p.accounts, p.leases, p.start AS "pageStart"
      FROM lease t JOIN page p ON p.id = t.id >> 8`,
    key: 'id',
    contract: 'leaseBook',
    abi: leaseBookAbi,
    method: 'check',
    args(row) {
      const ref = leaseRef(
        pageOf({ ...row, start: row['pageStart']! }, 'pageId'),
        Number(BigInt(row['id'] as string) & 0xffn),
      );
      return [{ ...ref, start: Number(ref.start) }];
    },
    compare({ settled, followsPage, end }, said) {
      const [over, ends] = said as [boolean, number];
      // What is over and left its page has no record of its end any more.
      const hasEnd = followsPage === true || !over;
      return [
        [settled, hasEnd ? end : 0],
        [over, hasEnd ? ends : 0],
      ];
    },
  },
  {
    table: 'slot',
    select: 'SELECT t.* FROM slot t',
    key: 'slot',
    contract: 'auction',
    abi: auctionAbi,
    method: 'slotState',
    args: ({ slot }) => [BigInt(slot as string)],
    compare({ pagesCommitted, pageCount }, said) {
      const state = said as { pagesCommitted: number; pageCount: number };
      return [
        [pagesCommitted, pageCount],
        [state.pagesCommitted, state.pageCount],
      ];
    },
  },
  {
    table: 'quote',
    select: 'SELECT t.* FROM quote t',
    key: 'id',
    contract: 'market',
    abi: marketAbi,
    method: 'quoteOf',
    args: ({ id }) => [id],
    compare({ amount, deadline, outcome }, said) {
      const [held, , until] = said as [bigint, number, number];
      return [
        [outcome === 'HELD' ? amount : 0, deadline],
        [held, until],
      ];
    },
  },
];

/** Every table whose rows the contracts can be asked about. */
export const CHECKED: readonly Check[] = CHECKS;

/** The call that asks the contract about a row; null when the row can't be put into one. */
export function callOf(check: Check, deployment: Deployment, row: StoredRow): { to: Hex; data: Hex } | null {
  try {
    const data = encodeFunctionData({ abi: check.abi, functionName: check.method, args: check.args(row) });
    return { to: deployment[check.contract], data };
  } catch {
    return null;
  }
}

/** What row and chain have that differs, as text; null when they agree. @throws Lie when the answer can't be read */
export function differenceIn(check: Check, row: StoredRow, answer: Hex): string | null {
  let said: unknown;
  try {
    said = decodeFunctionResult({ abi: check.abi, functionName: check.method, data: answer });
  } catch {
    throw new Lie(`its answer to ${check.contract}.${check.method} can't be read`);
  }
  const [ours, theirs] = check.compare(row, said).map((values) => values.map(String).join(', '));
  return ours === theirs ? null : `the row says ${ours}, the chain ${theirs}`;
}

function pageOf(row: StoredRow, id: string) {
  const { start, source, accounts, leases } = row as Record<string, string>;
  const page = {
    start: BigInt(start!),
    source: source as Hex,
    accounts: accounts as Hex,
    leases: leases as Hex,
  };
  return { id: BigInt(row[id] as string), ...page };
}
