/** Reads what a request carries: no further than the limit, no longer than the time, and JSON alone. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../../domain/refusal.ts';

/** Largest body, bytes. */
export const BODY_LIMIT = 256 * 1024;

/** @throws Refusal TOO_LARGE, TIMED_OUT when the sender stops half way */
export async function readText(request: IncomingMessage, timeoutMs: number): Promise<string> {
  const tooLarge = (): Refusal =>
    new Refusal('TOO_LARGE', `The body is larger than ${BODY_LIMIT} bytes.`, 'Send less in one request.');
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) throw tooLarge();
  return new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      end(() =>
        reject(
          new Refusal('TIMED_OUT', `The body did not come within ${timeoutMs / 1000} s.`, 'Send it at once.'),
        ),
      );
    }, timeoutMs);
    const end = (then: () => void): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      then();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > BODY_LIMIT) end(() => reject(tooLarge()));
      else chunks.push(chunk);
    };
    const onEnd = (): void => end(() => resolve(Buffer.concat(chunks).toString('utf8')));
    const onBroken = (): void =>
      end(() => reject(new Refusal('MALFORMED', 'The body broke off.', 'Send all of it.')));
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

/** @param anyText texts may hold NULs and halves of characters @throws Refusal MALFORMED */
export function parseJson(text: string, anyText: boolean): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(
      'MALFORMED',
      'The body is not JSON.',
      'Send a JSON object with content-type application/json.',
    );
  }
  // Neither can be written without one of these escapes or bytes.
  if (!anyText && /\0|\\u(0000|d[89a-f])/i.test(text)) refuseOddText(value);
  return value;
}

/** What no column of text can hold. @throws Refusal MALFORMED */
export function refuseOddText(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed())
      throw new Refusal(
        'MALFORMED',
        'A text holds a NUL, or half a character.',
        'Send whole Unicode characters without NUL.',
      );
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      refuseOddText(name);
      refuseOddText(part);
    }
  }
}
