/**
 * Advisory lock of the book of orders and asks. The gateway holds it while it reads the chain's clock and stores a
 * message for the slot of that moment; the scheduler takes it once after a slot has ended, so that every message that
 * was promised the slot is there before it reads.
 */
export const BOOK_LOCK = { space: 4851, key: 1 } as const;
