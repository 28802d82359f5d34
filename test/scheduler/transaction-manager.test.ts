import { Interface } from 'ethers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Hex } from '../../domain/types.ts';
import type { Call } from '../../scheduler/commit/signing.ts';
import {
  createTransactionManager,
  TransactionPending,
  type TransactionManager,
  type TransactionManagerOptions,
} from '../../scheduler/commit/transaction-manager.ts';
import { openProvider } from '../../scheduler/provider.ts';
import { startChain } from '../support/chain.ts';
import { testDatabase } from '../support/postgres.ts';

const KEY: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const ERRORS = ['error Nope(uint256 seen)'];

describe('transaction manager', () => {
  let it_: Awaited<ReturnType<typeof setup>>;
  beforeEach(async () => {
    it_ = await setup();
  });
  afterEach(() => it_.teardown());

  it('send_minesCallsInOrderWithConsecutiveNonces', async () => {
    const { manager, call, rows } = it_;
    const mined = await manager().send([call('a'), call('b'), call('c')]);
    expect(mined.map((result) => [result.effect, result.reverted])).toEqual([
      ['a', null],
      ['b', null],
      ['c', null],
    ]);
    expect((await rows()).map((row) => [row.effect, row.nonce, row.state])).toEqual([
      ['a', 0, 'mined'],
      ['b', 1, 'mined'],
      ['c', 2, 'mined'],
    ]);
  });

  it('send_ofAKnownEffectSignsNothingNew', async () => {
    const { manager, call, rows, provider } = it_;
    const first = await manager().send([call('a')]);
    const second = await manager().send([call('a')]);
    expect(second[0]?.hash).toBe(first[0]?.hash);
    expect(await rows()).toHaveLength(1);
    expect(await provider.getTransactionCount(manager().address)).toBe(1);
  });

  it('send_killedBetweenIntentAndBroadcastContinuesWithTheSameBytes', async () => {
    const { manager, call, rows, provider } = it_;
    // Killed before the broadcast: the node refuses, as it does when it is gone.
    const broken = manager({ provider: refusing(provider) });
    await expect(broken.send([call('a'), call('b')])).rejects.toThrow(/refused/);
    const stored = await rows();
    expect(stored.map((row) => row.state)).toEqual(['signed', 'signed']);
    expect(await provider.getTransactionCount(manager().address)).toBe(0);

    expect(await manager().resume()).toBe(2);
    const mined = await manager().send([call('a'), call('b')]);
    expect(mined.map((result) => result.hash)).toEqual(stored.map((row) => row.hash));
    expect(await provider.getTransactionCount(manager().address)).toBe(2);
  });

  it('send_givesUpWaitingAndContinuesLater', async () => {
    const { manager, call, mine, provider } = it_;
    await provider.send('evm_setAutomine', [false]);
    await expect(manager({ timeoutMs: 200 }).send([call('a')])).rejects.toBeInstanceOf(TransactionPending);
    await mine();
    const [mined] = await manager().send([call('a')]);
    expect(mined?.reverted).toBeNull();
    expect(await provider.getTransactionCount(manager().address)).toBe(1);
  });

  it('send_raisesTheFeeOfAStuckTransaction', async () => {
    const { manager, call, rows, mine, provider } = it_;
    await provider.send('evm_setAutomine', [false]);
    let broadcasts = 0;
    // The node takes the first bytes and never mines them; the dearer ones are mined.
    const onBroadcast = async (): Promise<void> => {
      broadcasts += 1;
      if (broadcasts === 2) await mine();
    };
    const [mined] = await manager({ bumpAfterMs: 300, onBroadcast }).send([call('a')]);
    const [row] = await rows();
    expect(mined?.reverted).toBeNull();
    expect(row?.replaced).toHaveLength(1);
    expect(mined?.hash).toBe(row?.hash);
    expect(row?.hash).not.toBe(row?.replaced[0]);
    expect(row?.state).toBe('mined');
  });

  it('send_findsTheCheaperBytesMinedAfterAReplacement', async () => {
    const { manager, call, provider, pool } = it_;
    const [first] = await manager().send([call('a')]);
    await pool.query(`UPDATE tx_intent SET replaced = ARRAY[hash], hash = $1, state = 'sent'`, [
      `0x${'11'.repeat(32)}`,
    ]);
    const [again] = await manager().send([call('a')]);
    expect(again?.hash).toBe(first?.hash);
    expect(await provider.getTransactionCount(manager().address)).toBe(1);
  });

  it('send_takesANewNonceWhenSomebodyElseUsedIt', async () => {
    const { manager, call, rows, provider } = it_;
    const broken = manager({ provider: refusing(provider) });
    await expect(broken.send([call('a')])).rejects.toThrow(/refused/);
    await manager().resume();
    // A second database with the same key knows nothing of this one.
    await it_.pool.query(`UPDATE tx_intent SET state = 'signed', hash = $1, nonce = 0`, [
      `0x${'22'.repeat(32)}`,
    ]);
    const patient = manager({ bumpAfterMs: 200 });
    // One look is not enough: a node may have the count before the receipt.
    expect(await patient.resume()).toBe(0);
    await sleep(250);
    expect(await patient.resume()).toBe(1);
    const [mined] = await manager().send([call('a')]);
    expect(mined?.reverted).toBeNull();
    expect((await rows())[0]?.nonce).toBe(1);
  });

  it('send_namesTheCustomErrorOfARevert', async () => {
    const { manager, call, rows, reverting } = it_;
    const [mined] = await manager().send([{ ...call('a'), to: reverting }]);
    expect(mined?.reverted).toEqual({ name: 'Nope', args: ['7'] });
    expect((await rows())[0]?.state).toBe('failed');
  });

  it('send_refusesMoreGasThanATransactionMayUse', async () => {
    const { manager, call, rows } = it_;
    await expect(manager().send([{ ...call('a'), gasLimit: 16_777_217n }])).rejects.toThrow(
      /more than a transaction may use/,
    );
    expect(await rows()).toHaveLength(0);
  });

  it('resume_sendsAgainWhatAReorganisationTookOut', async () => {
    const { manager, call, provider, rows } = it_;
    await manager().send([call('a')]);
    const snapshot: unknown = await provider.send('evm_snapshot', []);
    const [mined] = await manager().send([call('b')]);
    await provider.send('evm_revert', [snapshot]);
    expect(await provider.getTransactionReceipt(mined?.hash ?? '')).toBeNull();
    expect(await manager().resume()).toBe(1);
    const [again] = await manager().send([call('b')]);
    expect(again?.hash).toBe(mined?.hash);
    expect(again?.reverted).toBeNull();
    expect(await rows()).toHaveLength(2);
  });

  it('send_twoProcessesNeverShareANonce', async () => {
    const { manager, call, rows } = it_;
    const one = manager();
    const two = manager();
    await Promise.all([
      one.send([call('a'), call('b')]),
      two.send([call('b'), call('c')]),
      one.send([call('d')]),
    ]);
    const stored = await rows();
    expect(stored.map((row) => row.effect).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(stored.map((row) => row.nonce)).toEqual([0, 1, 2, 3]);
  });
});

/** The same node, but it takes no transaction. */
function refusing(provider: ReturnType<typeof openProvider>): ReturnType<typeof openProvider> {
  return new Proxy(provider, {
    get(target, property) {
      if (property === 'send') {
        return (method: string, parameters: unknown[]): Promise<unknown> =>
          method === 'eth_sendRawTransaction'
            ? Promise.reject(new Error('connection reset'))
            : (target.send(method, parameters) as Promise<unknown>);
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function setup() {
  const [database, chain] = await Promise.all([testDatabase(), startChain({})]);
  const pool = new pg.Pool({ connectionString: database.url });
  // Dropping the database may reach a connection that is still closing.
  pool.on('error', () => undefined);
  const chainId = 31_337;
  const provider = openProvider(chain.rpcUrl, chainId);
  // Returns 4 bytes selector and the word 7 as revert data: PUSH4 … MSTORE … REVERT.
  const selector = new Interface(ERRORS).getError('Nope')?.selector.slice(2) ?? '';
  const reverting: Hex = `0x${'ab'.repeat(20)}`;
  const code = `0x63${selector}60e01b600052600760045260246000fd`;
  await provider.send('anvil_setCode', [reverting, code]);
  return {
    pool,
    provider,
    reverting,
    mine: async (): Promise<void> => {
      await provider.send('evm_mine', []);
    },
    manager: (extra: Partial<TransactionManagerOptions> = {}): TransactionManager =>
      createTransactionManager({
        pool,
        provider,
        chainId,
        key: KEY,
        errorAbis: [ERRORS],
        pollMs: 20,
        ...extra,
      }),
    call: (effect: string): Call => ({ effect, to: `0x${'cd'.repeat(20)}`, data: '0x', gasLimit: 100_000n }),
    rows: async () =>
      (
        await pool.query<{ effect: string; nonce: number; hash: string; replaced: string[]; state: string }>(
          'SELECT effect, nonce, hash, replaced, state FROM tx_intent ORDER BY nonce',
        )
      ).rows,
    async teardown() {
      provider.destroy();
      await pool.end();
      await chain.stop();
      await database.drop();
    },
  };
}
