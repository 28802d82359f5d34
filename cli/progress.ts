/** How far a long run is: a bar on a terminal, a line now and then elsewhere. On stderr, so that stdout is the report's. */
import { SingleBar } from 'cli-progress';

const LINE_EVERY_MS = 10_000;

export interface Progress {
  say(sentence: string): void;
  start(what: string, total: number): void;
  at(done: number): void;
  end(): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): Progress {
  let bar: SingleBar | undefined;
  return {
    say: (sentence) => void stream.write(`${bar ? '\r\u001b[2K' : ''}${sentence}\n`),
    start(what, total) {
      bar = new SingleBar({
        stream,
        format: `${what.padEnd(16)} {bar} {value}/{total} · {duration_formatted}, {eta_formatted} to go`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        hideCursor: true,
        etaBuffer: 200,
      });
      bar.start(total, 0);
    },
    at: (done) => bar?.update(done),
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  let label = '';
  let all = 0;
  let last = 0;
  const print = (done: number): void => {
    last = performance.now();
    stream.write(`${label}: ${done} of ${all}\n`);
  };
  return {
    say: (sentence) => void stream.write(`${sentence}\n`),
    start(what, total) {
      label = what;
      all = total;
      last = performance.now();
    },
    at(done) {
      if (performance.now() - last > LINE_EVERY_MS) print(done);
    },
    end: () => print(all),
  };
}
