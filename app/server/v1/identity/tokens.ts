/** Secrets that the API hands out: 256 random bits. What is kept of them is a hash, so the database opens nothing. */
import { createHash, randomBytes } from 'node:crypto';

export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Enough without salt or stretching: nobody guesses 256 bits. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function newId(): string {
  return randomBytes(12).toString('hex');
}
