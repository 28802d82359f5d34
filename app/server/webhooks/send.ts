/** Sends one message: signed, to the address that was checked, without following anybody elsewhere. */
import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { signWebhook } from '../../../domain/webhooks.ts';
import { targetOf, type TargetRules } from './target.ts';

const TIMEOUT_MS = 10_000;

export interface Message {
  id: bigint;
  event: string;
  body: string;
  url: string;
  secret: string;
}

/** @returns whether it was taken (2xx), and what was answered, in a few words */
export async function send(message: Message, rules: TargetRules): Promise<{ taken: boolean; last: string }> {
  let target;
  try {
    target = await targetOf(message.url, rules);
  } catch (error) {
    return { taken: false, last: (error as Error).message };
  }
  const { url, address } = target;
  const body = Buffer.from(message.body);
  const at = Math.floor(Date.now() / 1_000);
  return new Promise((resolve) => {
    const start = url.protocol === 'https:' ? request : plainRequest;
    const sent = start(
      {
        // The name stands in the TLS handshake and the Host header alone.
        host: address,
        servername: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? undefined : url.port,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        agent: false,
        timeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          host: url.host,
          'content-type': 'application/json',
          'content-length': body.length,
          'user-agent': 'cardhour',
          'cardhour-event': message.event,
          'cardhour-delivery': message.id.toString(),
          'cardhour-signature': signWebhook(message.secret, at, message.body),
        },
      },
      (answer) => {
        const { statusCode = 0 } = answer;
        // What it says is nobody's here.
        answer.destroy();
        resolve({ taken: statusCode >= 200 && statusCode < 300, last: `HTTP ${statusCode}` });
      },
    );
    sent.on('error', (error) => resolve({ taken: false, last: error.message.slice(0, 200) }));
    sent.end(body);
  });
}
