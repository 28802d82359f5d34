/** The chain's clock, moved by hand: each block gets the time that the trace wants. */
import type { Rpc } from '../rpc.ts';

export class TraceClock {
  readonly #rpc: Rpc;
  /** Timestamp of the newest block, unix seconds. */
  now: bigint;
  block = 0n;

  constructor(rpc: Rpc, now: bigint) {
    this.#rpc = rpc;
    this.now = now;
  }

  /** Mines a block at `time`, or one second after the newest block when that is later. */
  async mine(time: bigint): Promise<void> {
    this.now = time > this.now ? time : this.now + 1n;
    await this.#rpc.batch([
      ['evm_setNextBlockTimestamp', [`0x${this.now.toString(16)}`]],
      ['evm_mine', []],
    ]);
    this.block = BigInt(await this.#rpc.call<string>('eth_blockNumber'));
  }

  /** Mines what was broadcast, as soon as a block can follow. */
  next(): Promise<void> {
    return this.mine(this.now + 1n);
  }
}
