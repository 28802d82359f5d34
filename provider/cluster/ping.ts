/**
 * Round trips between agents, by UDP: a question of 20 bytes, "CHP1" and a nonce, and an answer as long, "CHR1" and the same nonce. Nobody answers
 * before it saw the nonce, and the answer is no longer than the question, so that nobody is flooded by a forged sender.
 */
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

const ASK = Buffer.from('CHP1');
const ANSWER = Buffer.from('CHR1');
const LENGTH = 20;
/** Milliseconds after which a ping counts as lost. */
const TIMEOUT_MS = 1_000;

export interface Pinger {
  /** The port that answers. */
  port: number;
  /** A round trip in microseconds, at least 1; null when no answer came in time. */
  ping(host: string, port: number): Promise<number | null>;
  close(): void;
}

interface Waiting {
  sentAt: bigint;
  done: (micros: number | null) => void;
}

/** @param port 0 for one that the system chooses @throws when it can't listen there */
export async function openPinger(host: string, port: number): Promise<Pinger> {
  const socket: Socket = createSocket('udp4');
  const waiting = new Map<string, Waiting>();
  socket.on('message', (message, from) => {
    if (message.length !== LENGTH) return;
    const kind = message.subarray(0, 4);
    const nonce = message.subarray(4);
    if (kind.equals(ASK)) {
      socket.send(Buffer.concat([ANSWER, nonce]), from.port, from.address, () => undefined);
      return;
    }
    if (!kind.equals(ANSWER)) return;
    const name = nonce.toString('hex');
    const asked = waiting.get(name);
    if (asked === undefined) return;
    waiting.delete(name);
    asked.done(Math.max(1, Number((process.hrtime.bigint() - asked.sentAt) / 1_000n)));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      // A peer that is gone must not end the agent.
      socket.on('error', () => undefined);
      resolve();
    });
  });
  socket.unref();
  return {
    port: socket.address().port,
    ping: (to, at) =>
      new Promise((resolve) => {
        const nonce = randomBytes(LENGTH - ASK.length);
        const name = nonce.toString('hex');
        const lost = (): void => {
          if (waiting.delete(name)) resolve(null);
        };
        const timer = setTimeout(lost, TIMEOUT_MS);
        waiting.set(name, {
          sentAt: process.hrtime.bigint(),
          done: (micros) => {
            clearTimeout(timer);
            resolve(micros);
          },
        });
        socket.send(Buffer.concat([ASK, nonce]), at, to, (error) => {
          if (error) lost();
        });
      }),
    close: () => socket.close(),
  };
}
