import { createProgress, type Progress } from '../progress.ts';
import { readFlags, type VerifyFlags } from './flags.ts';
import { verify } from './verify.ts';

const NO_BAR: Progress = {
  say: () => undefined,
  start: () => undefined,
  at: () => undefined,
  end: () => undefined,
};

/** Reports on stdout; a bar and all else on stderr. */
export async function verifyCommand(flags: VerifyFlags): Promise<number> {
  const options = readFlags(flags);
  const shown = options.format === 'text' && process.stderr.isTTY;
  const stop = new AbortController();
  if (options.follow) process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  return verify(
    options,
    {
      print: (line) => {
        if (shown) process.stderr.write(CLEAR_LINE);
        console.log(line);
      },
      say: (sentence) => console.error(sentence),
      progress: shown ? createProgress() : NO_BAR,
    },
    { signal: stop.signal },
  );
}

/** The bar draws itself anew below what is printed. */
const CLEAR_LINE = '\r\u001b[2K';
