/** What the demo's leases run: small commands that look like work and cost next to nothing. */
import { KIND_VARIABLE, type TaskKind } from '../../domain/tasks/kind.ts';
import type { Workload } from '../../domain/workload.ts';
import type { Random } from './random.ts';

const shell = (kind: TaskKind, script: string, env: Record<string, string>): Workload => ({
  command: ['sh', '-c', script],
  env: { ...env, [KIND_VARIABLE]: kind },
});

/** Runs until the lease ends; saves when it is told to stop. */
const TRAINING = `
trap 'echo "step $step: checkpoint saved"; exit 0' TERM
echo "training $MODEL on $CARDHOUR_CARDS x $CARDHOUR_CLASS (lease $CARDHOUR_LEASE_ID)"
step=0
while :; do
  step=$((step + 10))
  awk -v s=$step -v seed=$SEED 'BEGIN { srand(seed + s); printf "step %d  loss %.4f\\n", s, 0.9 + 8 / (1 + s / 40) + rand() / 20 }'
  sleep 2 & wait $!
done`;

/** Done before the lease is: the rest of it stays paid for. */
const INFERENCE = `
echo "batch inference with $MODEL: $BATCHES batches"
for batch in $(seq 1 $BATCHES); do
  sleep 1
  awk -v b=$batch -v n=$BATCHES -v seed=$SEED 'BEGIN { srand(seed + b); printf "batch %d/%d  %d tokens/s\\n", b, n, 900 + 300 * rand() }'
done
echo done`;

/** Fails early, as real jobs do. */
const BROKEN = `
echo "loading $MODEL"
sleep 3
echo "error: checkpoint shard 3 of 8 is missing" >&2
exit 3`;

const MODELS = ['qwen3-8b', 'llama-3.1-8b', 'deepseek-v2-lite', 'mixtral-8x7b', 'resnet-152'];

export function demoWorkload(random: Random): Workload {
  const env = { MODEL: random.pick(MODELS), SEED: String(random.between(1, 1_000_000)) };
  const chance = random.next();
  if (chance < 0.06) return shell('training', BROKEN, env);
  if (chance < 0.4) return shell('inference', INFERENCE, { ...env, BATCHES: String(random.between(6, 20)) });
  return shell('training', TRAINING, env);
}
