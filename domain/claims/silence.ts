/** Why a broken rule may have no claim (ADR 0009, "What no claim shows"). */
const REASONS: Record<string, string> = {
  'header-block':
    "which block closed a slot follows from the chain's history, which a contract can't read back",
  deadline: 'the contract refuses a header after the deadline',
  gamma: 'the contract refuses another clock',
  'inputs-hash': 'the inputs are published off-chain: demand the leaf of what is missing',
  items: 'the inputs are published off-chain: demand the leaf of what is missing',
  receipts: 'a receipt is needed that somebody holds: pass --receipts FILE',
  signatures:
    'the contract skips a match that nobody signed; a leaf that calls its item eligible can be demanded',
  'orders-root':
    "a false code follows from the chain's history; an omitted item needs its receipt: pass --receipts FILE",
  'asks-root': "a false state, reputation or count of free cards follows from the chain's history",
  clearing: "no bounded proof shows it, or the leaves behind the header's roots are not known",
  pages:
    'a slot that is not committed whole is claimed with a receipt of one of its orders: pass --receipts FILE',
  fills: 'a skipped match costs the bond its penalty at once, without a claim',
  settlement: "the contracts settle by themselves: it is a fault of the contracts or of the chain's node",
};

export function unclaimable(rule: string): string {
  return `no claim shows it: ${REASONS[rule] ?? 'no bounded proof does'}`;
}
