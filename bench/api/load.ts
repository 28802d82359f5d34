/** A small load generator: so many connections, each with one request at a time, over Node's own HTTP. */
import { Agent, request } from 'node:http';

export interface Shot {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

export interface Load {
  perSecond: number;
  /** Milliseconds of each request, first byte out to last byte in. */
  ms: number[];
  /** Answers that were none of 2xx and 304, by status. */
  refused: Record<number, number>;
}

/** @param next makes the shots; null ends it before its time */
export async function fire(
  url: string,
  next: () => Shot | null,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ms: number[] = [];
  const refused: Record<number, number> = {};
  const shoot = ({ method, path, body, headers }: Shot): Promise<void> =>
    new Promise((resolve, reject) => {
      const started = performance.now();
      const sent = request({ hostname, port, agent, method, path: `/api/v1${path}`, headers }, (answer) => {
        answer.on('data', () => undefined);
        answer.on('end', () => {
          ms.push(performance.now() - started);
          const { statusCode = 0 } = answer;
          if (statusCode >= 300 && statusCode !== 304) refused[statusCode] = (refused[statusCode] ?? 0) + 1;
          resolve();
        });
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const started = performance.now();
  const until = started + seconds * 1000;
  const connection = async (): Promise<void> => {
    while (performance.now() < until) {
      const shot = next();
      if (shot === null) return;
      await shoot(shot);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = (performance.now() - started) / 1000;
  agent.destroy();
  return { perSecond: Math.round(ms.length / elapsed), ms, refused };
}
