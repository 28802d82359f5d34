/**
 * Work orders: what a person provisions for a lease. Everybody who asks or tells something of them signs it: the text
 * below, with EIP-191 (`personal_sign`), so that a wallet shows what it signs.
 */
import { Refusal } from './refusal.ts';
import type { Hex, SigningDomain } from './types.ts';

/**
 * open: nobody has done it yet. provisioned: the consumer has its access. refused: the person said no. expired: nobody
 * did anything until the deadline. closing: the lease is over, and the person is to take the access back. done: it is
 * taken back.
 */
export type WorkOrderState = 'open' | 'provisioned' | 'refused' | 'expired' | 'closing' | 'done';

/**
 * place, close and forget are the plugin's; provision, refuse and finish the person's; list is both's, each with the
 * provider's account or signing key. access is the consumer's, with its account.
 */
export type WorkOrderAction =
  'place' | 'list' | 'provision' | 'refuse' | 'close' | 'finish' | 'forget' | 'access';

export interface WorkOrderRequest {
  action: WorkOrderAction;
  provider: Hex;
  /** The provider's pool; several may serve its nodes. */
  pool?: string;
  /** The agent's name for the lease: the lease's id, a dash, and a mark of this very lease. */
  order?: string;
  /** With `place`: what is wanted, as the person reads it. */
  terms?: WorkOrderTerms;
  /** With `provision`: how the consumer reaches what it leased. */
  access?: string;
  /** With `refuse`: why. */
  note?: string;
  /** Unix seconds of the sender's clock. */
  at: number;
}

export interface WorkOrderTerms {
  class: string;
  cards: number;
  /** From the provisioning on. */
  seconds: number;
  command: string[];
  /** Unix seconds by which it is to be provisioned. */
  deadline: number;
}

export interface WorkOrder extends WorkOrderTerms {
  pool: string;
  order: string;
  leaseId: string;
  state: WorkOrderState;
  /** Given to the provider and the lease's consumer alone. */
  access: string | null;
  note: string | null;
  placedAt: number;
  provisionedAt: number | null;
  endedAt: number | null;
  /** The agent has forgotten it; its cards are held until the person has taken the access back. */
  released: boolean;
}

/** How far a sender's clock may be off, seconds; afterwards a request that somebody overheard is worth nothing. */
export const WORK_ORDER_PATIENCE = 300;

/** The signed text: a line a fact, in this order; what the request leaves out is left out. */
export function workOrderText({ chainId, auction }: SigningDomain, request: WorkOrderRequest): string {
  const { terms } = request;
  const lines: [string, string | undefined][] = [
    ['action', request.action],
    ['provider', request.provider],
    ['pool', request.pool],
    ['order', request.order],
    ['class', terms?.class],
    ['cards', terms?.cards.toString()],
    ['seconds', terms?.seconds.toString()],
    ['command', terms && JSON.stringify(terms.command)],
    ['deadline', terms?.deadline.toString()],
    // As JSON: a line break in it makes no new line of the text.
    ['access', request.access && JSON.stringify(request.access)],
    ['note', request.note && JSON.stringify(request.note)],
    ['at', request.at.toString()],
    ['market', `${auction} on chain ${chainId}`],
  ];
  const told = lines.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}`);
  return ['Cardhour work order', ...told].join('\n');
}

/** What the action makes of an order's state. @throws Refusal EXPIRED, NOT_READY, UNSUPPORTED */
export function nextState(state: WorkOrderState, action: WorkOrderAction): WorkOrderState {
  const next = TRANSITIONS[action]?.[state];
  if (next !== undefined) return next;
  if (state === 'expired')
    throw new Refusal(
      'EXPIRED',
      'The time to provision this order is over.',
      'The lease has failed; nothing is to be done.',
    );
  throw new Refusal(
    'UNSUPPORTED',
    `An order that is ${state} takes no ${action}.`,
    'Look at the order again.',
  );
}

const TRANSITIONS: Partial<Record<WorkOrderAction, Partial<Record<WorkOrderState, WorkOrderState>>>> = {
  provision: { open: 'provisioned', provisioned: 'provisioned' },
  refuse: { open: 'refused', refused: 'refused' },
  close: {
    open: 'done',
    provisioned: 'closing',
    closing: 'closing',
    refused: 'refused',
    expired: 'expired',
    done: 'done',
  },
  finish: { provisioned: 'done', closing: 'done', done: 'done' },
};

/** The lease that an order is for. @throws Refusal MALFORMED */
export function leaseOf(order: string): bigint {
  const match = /^(\d{1,18})(-[a-z0-9-]{1,44})?$/.exec(order);
  if (!match)
    throw new Refusal('MALFORMED', 'The order has no name like 256-9f2c.', 'Name it as the list does.');
  return BigInt(match[1] ?? '');
}
