/** Bad input, answered: a code for programs, a sentence for people, and what to do. Bugs throw plain errors instead. */
const HTTP_STATUS = {
  MALFORMED: 400,
  BAD_SIGNATURE: 400,
  EXPIRED: 400,
  NONCE_USED: 409,
  NO_CARDS: 400,
  DURATION: 400,
  BAD_PRICE: 400,
  TOO_WIDE: 400,
  UNKNOWN_CLASS: 422,
  UNKNOWN_REGION: 422,
  UNKNOWN_NODE: 422,
  UNKNOWN_WORKLOAD: 422,
  WORKLOAD_MISMATCH: 400,
  NOT_NODE_OWNER: 403,
  NOT_SELLING: 422,
  OLD_EPOCH: 409,
  TOO_MANY_CARDS: 409,
  INSUFFICIENT_BIDDING: 402,
  NOT_APPROVED: 409,
  NO_SUPPLY: 409,
  NO_PRICE: 409,
  PRICE_TOO_LOW: 409,
  TRANSFER_TOO_SLOW: 422,
  UNSUPPORTED: 422,
  NOT_FOUND: 404,
  NOT_PARTY: 403,
  NOT_SIGNED_IN: 401,
  BAD_SIGN_IN: 401,
  NO_ROLE: 403,
  NO_SCOPE: 403,
  NOT_YOURS: 403,
  NO_METHOD: 405,
  TIMED_OUT: 408,
  BAD_TARGET: 422,
  SAME_KEY: 409,
  NOT_JSON: 415,
  RATE_LIMITED: 429,
  SPENDING_LIMIT: 402,
  SLOT_OPEN: 409,
  TOO_LARGE: 413,
  INDEX_DIFFERS: 503,
  CHAIN_REPLACED: 503,
  CHAIN_UNREACHABLE: 503,
  NOT_READY: 503,
  PORT_IN_USE: 503,
  DATA_BROKEN: 503,
  WRONG_CHAIN: 503,
  WRONG_DEPLOYMENT: 503,
  NOT_DEPLOYED: 503,
  ENVIRONMENT: 500,
  TRACE_ROW: 422,
} as const;

export type RefusalCode = keyof typeof HTTP_STATUS;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  /** What is wrong, one sentence. */
  readonly sentence: string;
  /** What to do about it, one sentence. */
  readonly fix: string;
  /** Whether the same input may succeed later without a change. */
  readonly retryable: boolean;

  constructor(code: RefusalCode, sentence: string, fix: string, options: { retryable?: boolean } = {}) {
    super(`${sentence} ${fix}`);
    this.code = code;
    this.sentence = sentence;
    this.fix = fix;
    this.retryable = options.retryable ?? HTTP_STATUS[code] === 503;
  }

  /** By what it is, not by which copy of this module made it: a server's bundles have copies of their own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'Refusal' && 'sentence' in value;
  }

  get http(): number {
    return HTTP_STATUS[this.code];
  }
}
