/** Money of accounts: the vault's events. Monitors' bonds move in them too. */
import { accountOf } from '../market-state.ts';
import type { Hex } from '../types.ts';
import type { Fold } from './arguments.ts';

const NOBODY: Hex = `0x${'0'.repeat(40)}`;

export const VAULT: Record<string, Fold> = {
  Deposited: (state, args) => {
    accountOf(state, args.hex('account')).available += args.big('amount');
  },
  Withdrawn: (state, args) => {
    accountOf(state, args.hex('account')).available -= args.big('amount');
  },
  BiddingFunded: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.available -= args.big('amount');
    account.bidding += args.big('amount');
  },
  UnbidRequested: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.bidding -= args.big('amount');
    account.unbidding += args.big('amount');
    account.readyAt = args.big('readyAt');
  },
  UnbidRecalled: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.unbidding -= args.big('amount');
    account.bidding += args.big('amount');
  },
  UnbidFinished: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.unbidding -= args.big('amount');
    account.available += args.big('amount');
  },
  Staked: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.available -= args.big('amount');
    account.staked += args.big('amount');
  },
  Unstaked: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.staked -= args.big('amount');
    account.available += args.big('amount');
  },
  Slashed: (state, args) => {
    accountOf(state, args.hex('account')).staked -= args.big('amount');
    if (args.hex('to') === NOBODY) state.burned += args.big('amount');
    else accountOf(state, args.hex('to')).available += args.big('amount');
  },
  Distributed: (state, args) => {
    accountOf(state, args.hex('account')).available -= args.big('amount');
    accountOf(state, args.hex('to')).available += args.big('amount');
  },
  CapsSet: (state, args) => {
    accountOf(state, args.hex('account')).perLeaseCap = args.big('perLease');
  },
  TreasurySet: (state, args) => {
    state.treasury = args.hex('treasury');
  },
  FeesCollected: (state, args) => {
    state.fees -= args.big('amount');
    accountOf(state, args.hex('treasury')).available += args.big('amount');
  },
  // What monitors' bonds move is in the vault's events.
  MonitorBonded: () => undefined,
  MonitorLeaving: () => undefined,
  MonitorLeft: () => undefined,
  MonitorSlashed: () => undefined,
  // Likewise the scheduler's bond and the deposits of claims.
  BondAdded: () => undefined,
  BondLeaving: () => undefined,
  BondReturned: () => undefined,
  SkipsPenalised: () => undefined,
  SoldTwice: () => undefined,
  Announced: () => undefined,
  ClaimOpened: () => undefined,
  ClaimAnswered: () => undefined,
  ClaimRefuted: () => undefined,
  ClaimUpheld: () => undefined,
  OrderShown: () => undefined,
  AskShown: () => undefined,
};
