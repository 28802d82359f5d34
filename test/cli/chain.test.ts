import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startAnvil, type RunningChain } from '../../cli/chain.ts';
import { openRpc } from '../../cli/rpc.ts';
import { freePort } from '../../cli/supervise/ports.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('chain_keepsBlocksAndMoneyOverAStop', async () => {
  const { port, start } = await setup();
  const first = await start();
  const before = await sendAndMine(port, 3);
  await first.stop();
  await start();
  expect(await readBack(port)).toEqual(before);
});

test('chain_keepsEverythingWhenItsStarterIsKilled', async () => {
  const { port, stateFile, start } = await setup();
  const starter = spawn(process.execPath, ['-e', starterCode(port, stateFile)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => starter.stdout.once('data', () => resolve()));
  const before = await sendAndMine(port, 3);
  starter.kill('SIGKILL');
  await untilFree(port);
  await start();
  expect(await readBack(port)).toEqual(before);
});

test('chain_hasTheSameFirstBlockAfterManyStarts', async () => {
  const { port, start } = await setup();
  await (await start()).stop();
  await start();
  const before = await sendAndMine(port, 1);
  for (let round = 0; round < 4; round++) {
    await cleanups.pop()?.();
    await sleep(1_050);
    await start();
    expect(await readBack(port)).toEqual(before);
  }
});

test('chain_losesLittleWhenItIsKilledItself', async () => {
  const { port, stateFile, start } = await setup();
  const first = await start();
  const before = await sendAndMine(port, 3);
  for (let wait = 0; wait < 200; wait++) {
    if ((await readFile(stateFile, 'utf8').catch(() => '')) !== '') break;
    await sleep(50);
  }
  process.kill(-first.pid, 'SIGKILL');
  await first.exited;
  await start();
  expect(await readBack(port)).toEqual(before);
});

test('chain_refusesAStateThatIsBroken', async () => {
  const { stateFile, start } = await setup();
  await writeFile(stateFile, '{"block": {"num');
  await expect(start()).rejects.toMatchObject({ code: 'DATA_BROKEN' });
});

test('chain_ignoresHalfAStateWrittenAtTheEnd', async () => {
  const { port, stateFile, start } = await setup();
  const first = await start();
  const before = await sendAndMine(port, 2);
  await first.stop();
  const second = await start();
  await second.stop();
  const whole = await readFile(`${stateFile}.exit`, 'utf8');
  await writeFile(`${stateFile}.exit`, whole.slice(0, whole.length / 2));
  await start();
  expect(await readBack(port)).toEqual(before);
});

function starterCode(port: number, stateFile: string): string {
  const module = fileURLToPath(new URL('../../cli/chain.ts', import.meta.url));
  return `import(${JSON.stringify(module)}).then(async ({ startAnvil }) => {
    await startAnvil(${JSON.stringify({ port, stateFile })});
    console.log('up');
    setInterval(() => {}, 1000);
  });`;
}

async function sendAndMine(port: number, blocks: number): Promise<unknown> {
  const rpc = openRpc(`http://127.0.0.1:${port}`);
  const [from, to] = (await rpc.call<string[]>('eth_accounts')) as [string, string];
  for (let block = 0; block < blocks; block++) {
    await rpc.call('eth_sendTransaction', [{ from, to, value: '0x1' }]);
    await rpc.call('evm_mine');
  }
  rpc.close();
  return readBack(port);
}

async function readBack(port: number): Promise<unknown> {
  const rpc = openRpc(`http://127.0.0.1:${port}`);
  const [, to] = await rpc.call<string[]>('eth_accounts');
  const balance = await rpc.call('eth_getBalance', [to, 'latest']);
  const blocks = await rpc.batch<{ hash: string }>([
    ['eth_getBlockByNumber', ['0x0', false]],
    ['eth_getBlockByNumber', ['latest', false]],
  ]);
  rpc.close();
  return { balance, hashes: blocks.map((block) => block.hash) };
}

async function untilFree(port: number): Promise<void> {
  for (let wait = 0; wait < 400; wait++) {
    const rpc = openRpc(`http://127.0.0.1:${port}`);
    const answers = await rpc.call('eth_chainId').then(
      () => true,
      () => false,
    );
    rpc.close();
    if (!answers) return sleep(200);
    await sleep(25);
  }
  throw new Error(`port ${port} is still in use`);
}

async function setup(): Promise<{ port: number; stateFile: string; start(): Promise<RunningChain> }> {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-chain-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const stateFile = join(dir, 'chain.json');
  const port = await freePort();
  const start = async (): Promise<RunningChain> => {
    const chain = await startAnvil({ port, stateFile });
    cleanups.push(() => chain.stop());
    return chain;
  };
  return { port, stateFile, start };
}
