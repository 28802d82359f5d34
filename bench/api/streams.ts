/** Many event streams at once, over plain HTTP. */
import { Agent, get, type IncomingMessage } from 'node:http';

export interface Streams {
  open: number;
  /** Waits until every stream has been told something that holds the text; milliseconds of each. */
  heard(text: string, cause: () => Promise<void>, timeoutMs: number): Promise<number[]>;
  close(): void;
}

export async function openStreams(url: string, count: number): Promise<Streams> {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  const answers: IncomingMessage[] = [];
  const waiting = new Set<(index: number, text: string) => void>();
  for (let from = 0; from < count; from += 100) {
    const some = Array.from({ length: Math.min(100, count - from) }, (_, index) => from + index);
    await Promise.all(
      some.map(
        (index) =>
          new Promise<void>((resolve, reject) => {
            get({ hostname, port, agent, path: '/api/v1/events/slots' }, (answer) => {
              answer.setEncoding('utf8');
              answer.on('error', () => undefined);
              answer.on('data', (text: string) => {
                for (const hear of waiting) hear(index, text);
              });
              if (answer.statusCode === 200) answers.push(answer);
              resolve();
            }).on('error', reject);
          }),
      ),
    );
  }
  return {
    open: answers.length,
    async heard(text, cause, timeoutMs) {
      const ms = new Map<number, number>();
      const all = Promise.withResolvers<void>();
      const started = performance.now();
      const hear = (index: number, piece: string): void => {
        if (piece.includes(text) && !ms.has(index)) ms.set(index, performance.now() - started);
        if (ms.size === answers.length) all.resolve();
      };
      waiting.add(hear);
      const timer = setTimeout(() => all.resolve(), timeoutMs);
      await cause();
      await all.promise;
      clearTimeout(timer);
      waiting.delete(hear);
      return [...ms.values()];
    },
    close() {
      for (const answer of answers) answer.destroy();
      agent.destroy();
    },
  };
}
