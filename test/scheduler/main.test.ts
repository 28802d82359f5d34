import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatDeployment } from '../../contracts/deployment.ts';
import { readEnvironment } from '../../scheduler/environment.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;

describe('scheduler process', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  let dir: string;
  const running: ChildProcess[] = [];
  beforeEach(async () => {
    at = await setup({ slotSeconds: 2, commitDeadlineSeconds: 20 });
    dir = await mkdtemp(join(tmpdir(), 'cardhour-scheduler-'));
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    await at.teardown();
    await rm(dir, { recursive: true, force: true });
  });

  /** Starts `scheduler/main.ts`; what it prints is collected. */
  const start = async (extra: Record<string, string> = {}, command = ['scheduler/main.ts']) => {
    const file = join(dir, 'deployment.json');
    await writeFile(file, formatDeployment(at.market.deployment));
    const env = {
      ...process.env,
      DATABASE_URL: at.database.url,
      RPC_URL: at.chain.rpcUrl,
      DEPLOYMENT_FILE: file,
      SCHEDULER_KEY: at.market.schedulerKey,
      SCHEDULER_POLL_MS: '100',
      ...extra,
    };
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, lines, exited };
  };

  /** Chain time goes on as the real one does, and the indexer follows. */
  const live = () => {
    let stopped = false;
    const loop = (async () => {
      while (!stopped) {
        await at.chain.mine();
        await at.indexer.syncTo();
        await sleep(250);
      }
    })();
    return async (): Promise<void> => {
      stopped = true;
      await loop;
    };
  };

  it('main_commitsEachSlotOnceOverAKillAndStopsOnSigterm', async () => {
    const first = await start();
    const stopLive = live();
    try {
      const slotNow = async (): Promise<bigint> => (await at.now()) / 2n;
      await at.ask(await slotNow(), 0, 8, 1_000_000n, 1n);
      const one = await at.order(await slotNow(), 1, PRICE, 1n);
      const matched = async (order: string): Promise<void> =>
        vi.waitFor(
          async () => {
            const { rows } = await at.pool.query('SELECT 1 FROM lease WHERE "sourceId" = $1', [order]);
            expect(rows, first.lines.join('')).toHaveLength(1);
          },
          { timeout: 20_000, interval: 200 },
        );
      await matched(one);

      first.child.kill('SIGKILL');
      await first.exited;
      const two = await at.order(await slotNow(), 1, PRICE, 2n);
      const second = await start();
      await matched(two);
      const { rows } = await at.pool.query(
        'SELECT effect FROM tx_intent GROUP BY effect HAVING count(*) > 1',
      );
      expect(rows).toEqual([]);

      second.child.kill('SIGTERM');
      expect(await second.exited).toBe(0);
      expect(second.lines.join('')).toContain('stopping');
    } finally {
      await stopLive();
    }
  });

  it('main_twiceOnOneDatabaseAndOneKeyCommitsEachSlotOnce', async () => {
    const replicas = [await start(), await start()];
    const stopLive = live();
    try {
      const slotNow = async (): Promise<bigint> => (await at.now()) / 2n;
      await at.ask(await slotNow(), 0, 8, 1_000_000n, 1n);
      const orders: string[] = [];
      for (let nonce = 1n; nonce <= 6n; nonce += 1n) {
        orders.push(await at.order(await slotNow(), 1, PRICE, nonce));
        await sleep(600);
      }
      await vi.waitFor(
        async () => {
          const { rows } = await at.pool.query<{ id: string }>('SELECT "sourceId" AS id FROM lease');
          const said = replicas.map(({ lines }) => lines.join('')).join('');
          expect(rows.map(({ id }) => id).sort(), said).toEqual([...orders].sort());
        },
        { timeout: 30_000, interval: 200 },
      );
      for (const { child } of replicas) child.kill('SIGTERM');
      await Promise.all(replicas.map(({ exited }) => exited));
      const { rows: headers } = await at.pool.query(
        `SELECT args->>'slot' FROM chain_event WHERE name = 'SlotCommitted' GROUP BY 1 HAVING count(*) > 1`,
      );
      expect(headers).toEqual([]);
      const { rows: failed } = await at.pool.query(`SELECT effect FROM tx_intent WHERE state <> 'mined'`);
      expect(failed).toEqual([]);
      const { rows: nonces } = await at.pool.query<{ nonce: number }>(
        'SELECT nonce FROM tx_intent ORDER BY 1',
      );
      const first = nonces[0]?.nonce ?? 0;
      expect(nonces.map(({ nonce }) => nonce)).toEqual(nonces.map((_, index) => first + index));
      expect(nonces).toHaveLength(await at.sent());
    } finally {
      await stopLive();
    }
  });

  it('main_endsWhenItsSupervisorIsKilled', async () => {
    const supervisor = `require('node:child_process').spawn(process.execPath, ['scheduler/main.ts'], { stdio: 'inherit' });
      setInterval(() => undefined, 1000);`;
    const { child, lines } = await start({ CARDHOUR_SUPERVISED: '1' }, ['-e', supervisor]);
    // The pipe closes when the last process that holds it is gone.
    const gone = new Promise<void>((resolve) => child.stdout?.once('close', resolve));
    await vi.waitFor(() => expect(lines.join('')).toContain('following slots'), 20_000);
    child.kill('SIGKILL');
    await gone;
    expect(lines.join('')).toContain('stopping');
  });

  it('main_saysWhatItsEnvironmentLacks', async () => {
    const { exited, lines } = await start({ SCHEDULER_KEY: 'secret' });
    expect(await exited).toBe(1);
    expect(lines.join('')).toMatch(/SCHEDULER_KEY \(must be a 32-byte hex private key\)/);
    expect(lines.join('')).not.toContain('secret');
    expect(() => readEnvironment({})).toThrow(/DATABASE_URL.*npm start/);
  });
});
