import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Hex } from '../../domain/types.ts';
import type { Call } from '../../scheduler/commit/signing.ts';
import {
  createTransactionManager,
  type TransactionManager,
  type TransactionManagerOptions,
} from '../../scheduler/commit/transaction-manager.ts';
import { openProvider } from '../../scheduler/provider.ts';
import { startChain } from '../support/chain.ts';
import { startLiar, type Lie, type RpcAnswer } from '../support/liar.ts';
import { testDatabase } from '../support/postgres.ts';

const KEY: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';

const SEND = 'eth_sendRawTransaction';
const RECEIPT = 'eth_getTransactionReceipt';
const COUNT = 'eth_getTransactionCount';

const says = (message: string): RpcAnswer => ({ error: { code: -32_000, message } });

/** Lies about one method `times` times, or for ever. */
const about =
  (method: string, answer: RpcAnswer, times = Infinity): Lie =>
  (call, truth) => {
    if (call.method !== method || times <= 0) return truth();
    times -= 1;
    return answer;
  };

describe('transaction manager before a node that lies', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  beforeEach(async () => {
    at = await setup();
  });
  afterEach(() => at.teardown());

  it('send_sendsAgainWhatTheNodeOnlySaysItKnows', async () => {
    at.liar.tell(about(SEND, says('already known'), 2));
    const mined = await at.manager().send([at.call('a'), at.call('b')]);
    expect(mined.map((result) => result.reverted)).toEqual([null, null]);
    await at.isSettled([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('send_believesNoSingleNonceTooLow', async () => {
    at.liar.tell(about(SEND, says('nonce too low: next nonce 1, tx nonce 0'), 1));
    await at.manager().send([at.call('a')]);
    await at.isSettled([['a', 0]]);
  });

  it('send_findsItsCheaperBytesWhenTheDearerAreTooLate', async () => {
    await at.automine(false);
    let sent = 0;
    at.liar.tell(async ({ method }, truth) => {
      if (method !== SEND) return truth();
      sent += 1;
      if (sent === 1) return truth();
      // The dearer bytes come when the cheaper are in a block already.
      await at.mine();
      return says('nonce too low');
    });
    const [mined] = await at.manager({ bumpAfterMs: 300, resendAfterMs: 400 }).send([at.call('a')]);
    const [row] = await at.rows();
    expect(row?.replaced).toContain(mined?.hash);
    expect(mined?.hash).not.toBe(row?.hash);
    await at.isSettled([['a', 0]]);
  });

  it('send_waitsForAReceiptThatComesLate', async () => {
    at.liar.tell(about(RECEIPT, { result: null }));
    const sending = at.manager({ bumpAfterMs: 2_000 }).send([at.call('a')]);
    await sleep(1_200);
    at.liar.tell(null);
    expect((await sending)[0]?.reverted).toBeNull();
    await at.isSettled([['a', 0]]);
  });

  it('send_isThereOnceAndHasNoHoleWhenReceiptsNeverComeForLong', async () => {
    at.liar.tell(about(RECEIPT, { result: null }));
    const sending = at.manager({ bumpAfterMs: 300 }).send([at.call('a')]);
    await sleep(1_500);
    at.liar.tell(null);
    const [mined] = await sending;
    expect(mined?.reverted).toBeNull();
    // The call went out a second time under a new nonce, which `Call` must bear; no nonce is missing.
    await at.hasNoGap();
  });

  it('send_goesOnWhenTheNodeDropsItsMempool', async () => {
    await at.automine(false);
    const sending = at.manager().send([at.call('a'), at.call('b')]);
    await vi.waitFor(() => expect(at.liar.calls.filter(({ method }) => method === SEND)).toHaveLength(2));
    const before = await at.rows();
    await at.chain.rpc('anvil_dropAllTransactions');
    await at.mine();
    expect(await at.count()).toBe(0);
    await vi.waitFor(
      async () => expect(await at.chain.rpc('txpool_status')).toMatchObject({ pending: '0x2' }),
      {
        timeout: 5_000,
      },
    );
    await at.mine();
    const mined = await sending;
    expect(mined.map((result) => result.hash)).toEqual(before.map((row) => row.hash));
  });

  it('send_takesNoNonceTwiceWhenTheHeadIsBehind', async () => {
    await at.manager().send([at.call('a'), at.call('b')]);
    // The answers of before the first block.
    at.liar.tell(about(COUNT, { result: '0x0' }));
    const mined = await at.manager().send([at.call('c')]);
    expect(mined[0]?.reverted).toBeNull();
    expect((await at.rows()).map((row) => [row.effect, row.nonce])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    expect(await at.count()).toBe(3);
  });

  it('send_fillsTheHoleThatAWrongCountMade', async () => {
    at.liar.tell(about(COUNT, { result: '0x3' }, 1));
    const [mined] = await at.manager({ bumpAfterMs: 300 }).send([at.call('a')]);
    expect(mined?.reverted).toBeNull();
    expect((await at.rows()).map((row) => [row.effect, row.nonce])).toEqual([
      ['fill:0', 0],
      ['fill:1', 1],
      ['fill:2', 2],
      ['a', 3],
    ]);
    await at.hasNoGap();
  });

  it('send_isThereOnceWhenTheAnswerIsLostOnTheWay', async () => {
    at.liar.tell(async ({ method }, truth) => {
      const answer = await truth();
      return method === SEND ? null : answer;
    });
    await expect(at.manager().send([at.call('a')])).rejects.toThrow(/refused/);
    at.liar.tell(null);
    await at.manager().send([at.call('a')]);
    await at.isSettled([['a', 0]]);
  });

  it('send_raisesTheFeeOfATransactionWhoseCallerIsGone', async () => {
    await at.automine(false);
    await expect(at.manager({ timeoutMs: 100 }).send([at.call('a')])).rejects.toThrow(/not mined yet/);
    // A block that nothing of before can pay for; nobody sends 'a' by its name again.
    await at.chain.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${(50n * 10n ** 9n).toString(16)}`]);
    await at.mine();
    expect(await at.count()).toBe(0);
    const sending = at.manager({ bumpAfterMs: 300 }).send([at.call('b')]);
    const done = { yet: false };
    void sending.finally(() => (done.yet = true));
    while (!done.yet) {
      await at.mine();
      await sleep(100);
    }
    expect((await sending)[0]?.reverted).toBeNull();
    await at.manager().resume();
    await at.hasNoGap();
    expect((await at.rows()).map((row) => row.state)).toEqual(['mined', 'mined']);
  });

  it('resume_sendsAgainWhatRevertedAndIsGoneByAReorganisation', async () => {
    // Code that reverts: PUSH0 PUSH0 REVERT.
    const reverting: Hex = `0x${'ab'.repeat(20)}`;
    await at.chain.rpc('anvil_setCode', [reverting, '0x5f5ffd']);
    const fork = await at.chain.rpc<string>('evm_snapshot');
    const [failed] = await at.manager().send([{ ...at.call('a'), to: reverting }]);
    expect(failed?.reverted).not.toBeNull();
    await at.manager().send([at.call('b')]);
    await at.chain.rpc('evm_revert', [fork]);
    // Without the first one's bytes the second would wait for its nonce for ever.
    expect(await at.manager().resume()).toBe(2);
    await vi.waitFor(async () => expect(await at.count()).toBe(2));
  });

  it('twoManagersThatRaiseAFeeAtOnceLoseNoBytes', async () => {
    await at.automine(false);
    const options = { bumpAfterMs: 200, resendAfterMs: 50 };
    const both = [at.manager(options), at.manager(options)].map((manager) => manager.send([at.call('a')]));
    await sleep(1_200);
    await at.mine();
    const [one, two] = await Promise.all(both);
    expect(one?.[0]?.hash).toBe(two?.[0]?.hash);
    const [row] = await at.rows();
    expect([row?.hash, ...(row?.replaced ?? [])]).toContain(one?.[0]?.hash);
    await at.isSettled([['a', 0]]);
  });
});

async function setup() {
  const [database, chain] = await Promise.all([testDatabase(), startChain()]);
  const liar = await startLiar(chain.rpcUrl);
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => undefined);
  const chainId = 31_337;
  const provider = openProvider(liar.rpcUrl, chainId);
  const create = (extra: Partial<TransactionManagerOptions>): TransactionManager =>
    createTransactionManager({
      pool,
      provider,
      chainId,
      key: KEY,
      errorAbis: [],
      pollMs: 20,
      resendAfterMs: 200,
      ...extra,
    });
  const { address } = create({});
  const rows = async () =>
    (
      await pool.query<{ effect: string; nonce: number; hash: string; replaced: string[]; state: string }>(
        'SELECT effect, nonce, hash, replaced, state FROM tx_intent ORDER BY nonce',
      )
    ).rows;
  const count = async (): Promise<number> =>
    Number(await chain.rpc<string>('eth_getTransactionCount', [address, 'latest']));
  return {
    chain,
    liar,
    rows,
    count,
    manager: (extra: Partial<TransactionManagerOptions> = {}) => create(extra),
    call: (effect: string): Call => ({ effect, to: `0x${'cd'.repeat(20)}`, data: '0x', gasLimit: 100_000n }),
    automine: (on: boolean): Promise<unknown> => chain.rpc('evm_setAutomine', [on]),
    mine: (): Promise<void> => chain.mine(),
    /** These intents, all mined, and no transaction of the account but theirs. */
    async isSettled(intents: [effect: string, nonce: number][]): Promise<void> {
      expect((await rows()).map((row) => [row.effect, row.nonce, row.state])).toEqual(
        intents.map(([effect, nonce]) => [effect, nonce, 'mined']),
      );
      expect(await count()).toBe(intents.length);
    },
    /** The chain has all nonces that were ever taken. */
    async hasNoGap(): Promise<void> {
      const last = (await rows()).at(-1)?.nonce ?? -1;
      expect(await count()).toBe(last + 1);
    },
    async teardown() {
      provider.destroy();
      await liar.close();
      await pool.end();
      await chain.stop();
      await database.drop();
    },
  };
}
