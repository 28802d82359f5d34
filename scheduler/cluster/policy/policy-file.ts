/** The trained policy as a file: what ships, and what a market starts from. */
import { fileURLToPath } from 'node:url';
import { Refusal } from '../../../domain/refusal.ts';
import { createNetwork, type Network } from '../net/network.ts';
import { packFloats, readSealed, unpackFloats, writeSealed, type Kind } from '../sealed-file.ts';
import { ACTOR_SHAPE, CAPACITY } from './agent.ts';

export const SHIPPED_POLICY = fileURLToPath(new URL('./policy.json', import.meta.url));

/** The version counts the features and the way a clustering grows: weights of another version mean something else. */
const POLICY: Kind = {
  format: 'cardhour-clustering-policy',
  version: 1,
  name: 'clustering policy',
  fix: 'Train one with `npm run train:dcat`, or restore the one that ships; until then clusters come from the search alone.',
};

const SHAPE = ACTOR_SHAPE.join('-');

export interface Training {
  method: string;
  seed: number;
  epochs: number;
}

export function writePolicy(file: string, actor: Network, training: Training): void {
  writeSealed(POLICY, file, { shape: SHAPE, training, weights: packFloats(actor.parameters) });
}

/** @throws Refusal NOT_FOUND, DATA_BROKEN: no file, not a policy, another version, cut, changed, or of another shape */
export function readPolicy(file: string): { actor: Network; training: Training } {
  const { shape, training, weights } = readSealed(POLICY, file);
  const actor = createNetwork(ACTOR_SHAPE, CAPACITY, () => 0);
  const floats = unpackFloats(weights, actor.parameters.length);
  if (shape !== SHAPE || !floats)
    throw new Refusal('DATA_BROKEN', 'The clustering policy has another shape.', POLICY.fix, {
      retryable: false,
    });
  actor.parameters.set(floats);
  return { actor, training: training as Training };
}
