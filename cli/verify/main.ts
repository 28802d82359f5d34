import { createProgress, type Progress } from '../progress.ts';
import { readFlags, type VerifyFlags, type VerifyOptions } from './flags.ts';
import { verify, type Watch } from './verify.ts';
import { accountOf } from '../challenge/key.ts';
import { createChallenger } from '../challenge/challenge.ts';
import { Refusal } from '../../domain/refusal.ts';
import { deploymentOf } from './market.ts';

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
    { signal: stop.signal, ...(await challenging(flags, options)) },
  );
}

/** The bar draws itself anew below what is printed. */
const CLEAR_LINE = '\r\u001b[2K';

/** With `--challenge`: what is wrong is claimed against, while the next slots are looked at. */
async function challenging(flags: VerifyFlags, options: VerifyOptions): Promise<Watch> {
  if (flags.challenge !== true) return {};
  if (!options.follow)
    throw new Refusal(
      'ENVIRONMENT',
      '--challenge goes with --follow.',
      'For one slot: cardhour challenge --slot N.',
    );
  const account = accountOf(flags.key);
  const say = (sentence: string) => console.error(sentence);
  const deployment = await deploymentOf(options, say);
  const act = createChallenger({ rpcUrl: options.rpcUrl, deployment, account, say, withDemands: false });
  return {
    async onWrong(evidence, results) {
      const { done } = await act(
        evidence,
        results.filter(({ ok }) => !ok),
      );
      const again = `cardhour challenge --slot ${evidence.slot} goes on with it`;
      done.catch((error: unknown) => say(`slot ${evidence.slot}: ${String(error)}; ${again}`));
    },
  };
}
