/** The worker that verifies a slot in the reader's own browser: from a node of the chain and the published inputs, nothing else. */
import { parseDeployment } from '../../contracts/deployment.ts';
import { verifySlot } from '../../domain/verify.ts';
import { createEvidence } from '../evidence/evidence.ts';
import type { ConfigView, RuleView } from '../views.ts';

export interface VerifyTask {
  /** Decimal. */
  slot: string;
  /** Where the pages come from: `https://host:port`. */
  origin: string;
}

export type VerifyAnswer = { rules: RuleView[] } | { error: string };

/** Null when nobody hands them out, which the rules that need them then say. */
async function inputsOf({ slot, origin }: VerifyTask): Promise<Uint8Array | null> {
  const response = await fetch(`${origin}/api/v1/slots/${slot}/inputs`);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
}

async function verify(task: VerifyTask): Promise<RuleView[]> {
  const config = (await (await fetch(`${task.origin}/api/v1/config`)).json()) as ConfigView;
  const source = createEvidence({ rpcUrl: config.rpcUrl, deployment: parseDeployment(config.deployment) });
  return verifySlot(await source.collect(BigInt(task.slot), await inputsOf(task)));
}

addEventListener('message', ({ data }: MessageEvent<VerifyTask>) => {
  verify(data).then(
    (rules) => {
      postMessage({ rules } satisfies VerifyAnswer);
    },
    (error: unknown) => {
      postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies VerifyAnswer);
    },
  );
});
