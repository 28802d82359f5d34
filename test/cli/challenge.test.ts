import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEvidence } from '../../app/evidence/evidence.ts';
import { toJson } from '../../app/server/wire.ts';
import { accountOf } from '../../cli/challenge/key.ts';
import { pursue } from '../../cli/challenge/pursue.ts';
import { contextOf } from '../../cli/challenge/gather.ts';
import { openWallet, type Wallet } from '../../cli/challenge/wallet.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { findClaims } from '../../domain/claims/find.ts';
import { keccakText } from '../../domain/hash.ts';
import { NO_RUNNER_UP } from '../../domain/leaves.ts';
import { Refusal } from '../../domain/refusal.ts';
import { openMarket, partyOf, RESERVES, type Draft, type Market } from '../frauds/market.ts';

const ofSlot = (name = 'challenge') => [name, '--slot', draft.slot.toString()];

let market: Market;
let server: Server;
let draft: Draft;
let folder: string;
beforeEach(async () => {
  market = await openMarket({ answerSeconds: 60 });
  folder = mkdtempSync(join(tmpdir(), 'claims-'));
  const asks = await Promise.all(RESERVES.map((_, index) => market.askOf(index)));
  draft = await market.draftOf([await market.orderOf()], asks);
  // A hidden runner-up: the claim waits for the scheduler's answer.
  Object.assign(draft.matches[0]!.leaf, { runnerUp: NO_RUNNER_UP, step: 0 });
  await market.commit(draft);
  server = createServer((_, response) => {
    response.statusCode = draft.inputs === null ? 404 : 200;
    response.end(draft.inputs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  writeFileSync(join(folder, 'deployment.json'), formatDeployment(market.deployment));
  writeFileSync(join(folder, 'key'), keccakText('cardhour frauds challenger'));
});
afterEach(async () => {
  server.close();
  await market.chain.stop();
  rmSync(folder, { recursive: true });
});

test('challenge_dryRun_writesTheTransactionAndSendsNone', async () => {
  const { chain, deployment } = market;
  const before = await chain.rpc('eth_blockNumber');
  const { code, stdout } = await command([...ofSlot(), '--dry-run']);
  expect(await chain.rpc('eth_blockNumber')).toBe(before);
  expect(code).toBe(1);
  const [line, ...rest] = stdout.trim().split('\n');
  expect(rest).toEqual([]);
  expect(JSON.parse(line!)).toMatchObject({
    claim: 'claimHiddenRunnerUp',
    to: deployment.claims,
    value: '0',
    deposit: deployment.parameters.claimDeposit.toString(),
    announce: { commitment: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string },
  });
});

test('challenge_takesReceiptsAndLeavesFromFiles', async () => {
  const order = draft.cleared.matches[0]!;
  const ask = (await market.askOf(0)) satisfies { id: string };
  const [one] = await market.receiptsFor(draft.slot, [
    { id: order.orderId, signed: order.order, signer: null },
  ]);
  const [two] = await market.receiptsFor(draft.slot, [ask]);
  const held = [one!, two!].map(({ receipt, signature, ...message }) => ({
    ...{ receipt: { ...receipt, signature }, ...message },
  }));
  writeFileSync(join(folder, 'receipts.json'), toJson(held));
  writeFileSync(join(folder, 'leaves.json'), toJson({ orders: draft.orders, asks: draft.asks }));
  // Nothing is published: the leaves alone are known, and no message behind them.
  draft.inputs = null;
  const files = ['--receipts', join(folder, 'receipts.json'), '--leaves', join(folder, 'leaves.json')];
  const { stdout } = await command([...ofSlot(), '--dry-run', '--demand', ...files]);
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { claim: string }).claim);
  expect(names).toEqual(['claimTwoHeads', 'claimOmitted', 'demand', 'demand']);
});

test('challenge_depositsTellsWaitsAndWins', async () => {
  const { code, stdout } = await whileTimePasses(command(ofSlot()));
  expect(stdout).toMatch(/deposits 50 into the vault/);
  expect(stdout).toMatch(/claimHiddenRunnerUp upheld: [0-9.]+ to the harmed party, 250 to the challenger/);
  expect(stdout).toMatch(/1 of 1 claims upheld: 250 won/);
  expect(code).toBe(0);
});

test('verify_following_challengesWhatItFinds', async () => {
  const words = ['verify', '--all', '--follow', '--challenge'];
  const { stdout, stderr } = await whileTimePasses(command(words, /claims upheld/));
  expect(stdout).toMatch(/FAIL {2}clearing/);
  expect(stderr).toMatch(new RegExp(`slot ${draft.slot}: 1 of 1 claims upheld: 250 won`));
});

test('demand_thatNobodyAnswers_isUpheld', async () => {
  const words = [...ofSlot('demand'), '--tree', 'asks', '--index', '2'];
  const { code, stdout } = await whileTimePasses(command(words));
  expect(stdout).toMatch(/demand upheld: 0 to the harmed party, 250 to the challenger/);
  expect(code).toBe(0);
});

test('pursue_killedAfterAnyTransaction_goesOnWhereItWas', async () => {
  const { chain, deployment } = market;
  const options = { rpcUrl: chain.rpcUrl, deployment };
  const collected = await createEvidence(options).collect(draft.slot, draft.inputs);
  const evidence = { ...collected, leaves: { orders: draft.orders, asks: draft.asks } };
  const { claims } = findClaims(evidence, await contextOf(options, evidence));
  let sent = 0;
  /** A wallet that dies after one transaction more. */
  const mortal = (): Wallet => {
    const real = openWallet(chain.rpcUrl, partyOf('challenger'), 5);
    let left = 1;
    return {
      ...real,
      async send(to, data) {
        if (left-- === 0) throw new Error('killed');
        sent += 1;
        return real.send(to, data);
      },
      past: (time) => chain.mine(time + 1n),
    };
  };
  const lives = [];
  for (let life = 0; life < 8; life++) {
    const pursuit = {
      wallet: mortal(),
      deployment,
      since: evidence.committed!.block.number,
      say: () => undefined,
    };
    const ended = await pursue(pursuit, claims).catch((error: unknown) => String(error));
    lives.push(ended);
    if (typeof ended !== 'string') break;
  }
  // Approve, deposit, announce, tell, conclude: each once.
  expect(sent).toBe(5);
  expect(lives.slice(0, -1)).toEqual(Array.from({ length: 4 }, () => 'Error: killed'));
  expect(lives.at(-1)).toMatchObject([{ state: 'upheld', reward: deployment.parameters.claimPenalty / 4n }]);
});

test('key_isTakenFromAFileOrTheEnvironment_neverAnArgument', () => {
  const key = keccakText('a key');
  const { address } = accountOf(undefined, { CHALLENGER_KEY: key });
  writeFileSync(join(folder, 'other'), `${key}\n`);
  expect(accountOf(join(folder, 'other'), {}).address).toBe(address);
  for (const bad of [undefined, '', '0x12', key.slice(2)])
    expect(() => accountOf(undefined, bad === undefined ? {} : { CHALLENGER_KEY: bad })).toThrow(Refusal);
  expect(() => accountOf(join(folder, 'none'), {})).toThrow(Refusal);
});

/** The command itself, with its key in a file; `until` ends it when stdout or stderr says so. */
async function command(
  words: readonly string[],
  until?: RegExp,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { port } = server.address() as AddressInfo;
  const files = ['--deployment', join(folder, 'deployment.json'), '--key', join(folder, 'key')];
  const inputs = words[0] === 'demand' ? [] : ['--inputs', `http://127.0.0.1:${port}`];
  const flags = [...inputs, '--rpc', market.chain.rpcUrl, ...files];
  const child = spawn(process.execPath, ['cli/main.ts', ...words, ...flags]);
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      if (until?.test(said[name]) === true) child.kill('SIGTERM');
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...said };
}

/** Lets the chain's time pass until `work` is done. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  const { chain } = market;
  const clock = setInterval(() => void chain.rpc('evm_increaseTime', [30]).then(() => chain.mine()), 300);
  return work.finally(() => clearInterval(clock));
}
