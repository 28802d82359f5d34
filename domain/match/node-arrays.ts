import type { Rows } from './facts.ts';

/** What stands in arrays by a node's number; trees of one index share them. */
export interface NodeArrays {
  /** Second key after the distance. */
  gaps: Uint32Array;
  facts: Rows;
  /** Compute, network, storage. */
  states: Uint16Array;
  chunkOf: Int32Array;
}
