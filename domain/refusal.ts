/**
 * Every refusal the market gives, once: its HTTP status, whether trying again can help, what happened, what to do.
 * Callers may replace the sentence by one that says what they saw.
 */
const REFUSALS = {
  MALFORMED: row(400, false, 'The request is not of the documented form.', 'Compare it with the API reference.'),
  AMOUNT_MALFORMED: row(400, false, 'The amount cannot be read.', 'Write digits, with a point before the decimals.'),
  WORKLOAD_MALFORMED: row(400, false, 'The workload is not of the documented form.', 'Send {command, env?}.'),
  WORKLOAD_UNKNOWN: row(404, true, 'Nobody has stored this workload.', 'Send its content with the order.'),
  WORKLOAD_MISMATCH: row(422, false, 'The workload is another than was signed.', 'Sign its hash anew.'),
  CPI_MALFORMED: row(400, false, 'The identifier cannot be read.', 'Correct it at the position named.'),
  TRACE_MALFORMED: row(400, false, 'A row of the trace cannot be read.', 'Correct the row named.'),
  SIGNATURE_BAD: row(401, false, 'The signature is not by the key that must sign.', 'Sign with the right account.'),
  EXPIRED: row(422, false, 'The message is out of its time.', 'Sign it with later times.'),
  REPLAYED: row(409, false, 'The message or its nonce was used before.', 'Sign it with a fresh nonce.'),
  FUNDS: row(402, true, 'The balance does not cover what would be locked.', 'Deposit and fund bidding first.'),
  CARDS_ZERO: row(422, false, 'The message is for no cards.', 'Ask for at least one card.'),
  CARDS_EXCEEDED: row(422, true, 'More cards than the node has free.', 'Lower the cards, or cancel other messages.'),
  DURATION_BOUNDS: row(422, false, 'The duration is out of bounds.', 'Choose one within the bounds named.'),
  PRICE_LOW: row(422, false, 'The price is below one base unit.', 'Name a price of at least 1.'),
  PRICE_HIGH: row(422, false, 'The price exceeds the most allowed.', 'Raise the limit or take another listing.'),
  REQUIREMENT_BAD: row(422, false, 'The classes do not make the requirement.', 'Name 1 to 16 distinct classes.'),
  TASK_BAD: row(422, false, 'A task value is beyond 10,000.', 'Name 0 to 10,000 of the reference.'),
  CLASS_UNKNOWN: row(422, true, 'No node has any of these classes.', 'Choose a class that the market lists.'),
  REGION_UNKNOWN: row(422, true, 'No node stands in this region.', 'Choose a region of the market, or any.'),
  PROVIDER_UNKNOWN: row(422, true, 'The provider is not registered or is leaving.', 'Register and stake first.'),
  NODE_UNKNOWN: row(422, true, "The node is not the provider's.", 'Add the node first.'),
  NODE_MISMATCH: row(422, false, "Class or region is not the node's.", "Sign the node's own class and region."),
  NODE_EPOCH: row(422, false, "The node's epoch has been raised.", "Sign with the node's current epoch."),
  SUPPLY_KIND: row(422, false, 'Only single nodes trade yet.', 'Sign with supplyKind 0.'),
  PARAMETERS_BAD: row(422, false, 'A protocol parameter is out of bounds.', 'Correct the parameter named.'),
  NOT_FOUND: row(404, false, 'There is no such thing.', 'Check the id.'),
  NOT_CLOSED: row(409, true, 'The slot has not closed yet.', "Try again after the slot's end."),
  NOT_PARTY: row(403, false, 'The account is no party to this.', "Use a party's account."),
  LATE: row(409, false, 'The slot can no longer be committed.', 'Nothing: its orders stand in the next slot.'),
  RATE: row(429, true, 'Too many requests.', 'Wait a moment.'),
  NOT_READY: row(503, true, 'A part of the market is not up yet.', 'Try again shortly.'),
  CHAIN_UNREACHABLE: row(503, true, 'The chain does not answer.', 'Check RPC_URL and that the node runs.'),
  CHAIN_REPLACED: row(
    409,
    false,
    'The chain behind RPC_URL is not the one this database mirrors.',
    'Point RPC_URL at the old chain, or start with an empty database.',
  ),
  DATABASE_UNREACHABLE: row(503, true, 'The database does not answer.', 'Check DATABASE_URL and that it runs.'),
  DATA_BROKEN: row(500, false, 'The data folder cannot be used.', 'Move .cardhour away and start again.'),
  PORT_IN_USE: row(500, false, 'A port that is needed is in use.', 'Stop what uses it, or name another port.'),
  CONFIGURATION: row(500, false, 'The configuration is incomplete.', 'Set the variable named.'),
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[];

/** A clear "no": what was seen, what to do about it, and whether trying the same again can help. Not for bugs. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** What is wrong, one sentence for a person. */
  readonly sentence: string;
  /** What to do about it, one sentence. */
  readonly fix: string;
  /** HTTP status. */
  readonly http: number;
  readonly retryable: boolean;

  constructor(code: RefusalCode, sentence?: string, fix?: string) {
    const entry = REFUSALS[code];
    super(`${code}: ${sentence ?? entry.sentence}`);
    this.name = 'Refusal';
    this.code = code;
    this.sentence = sentence ?? entry.sentence;
    this.fix = fix ?? entry.fix;
    this.http = entry.http;
    this.retryable = entry.retryable;
  }
}

function row(http: number, retryable: boolean, sentence: string, fix: string) {
  return { http, retryable, sentence, fix };
}
