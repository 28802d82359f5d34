/** Signatures of webhooks: `t=SECONDS,v1=HEX`, HMAC-SHA-256 of "SECONDS.BODY" under the webhook's secret. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** A message that is older, or from the future by so much, is a replay or a wrong clock, seconds. */
const FRESH_SECONDS = 300;

/** @param at unix seconds of the sender's clock */
export function signWebhook(secret: string, at: number, body: string): string {
  return `t=${at},v1=${macOf(secret, at, body)}`;
}

/** Whether the header is the market's for this body, and fresh. @param now unix seconds of the receiver's clock */
export function isWebhookOf(secret: string, header: string, body: string, now: number): boolean {
  const [, time = '', mac = ''] = /^t=([0-9]{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (time === '' || Math.abs(now - Number(time)) > FRESH_SECONDS) return false;
  const right = macOf(secret, Number(time), body);
  let difference = 0;
  // As long for a wrong one as for the right one.
  for (let i = 0; i < right.length; i++) difference |= right.charCodeAt(i) ^ mac.charCodeAt(i);
  return difference === 0;
}

function macOf(secret: string, at: number, body: string): string {
  return bytesToHex(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(`${at}.${body}`)));
}
