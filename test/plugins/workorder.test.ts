/** The work-order plugin against the gateway's own code and a real database: a person is a key that signs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleWorkOrder } from '../../app/server/work-orders.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { workOrderText, type WorkOrderRequest } from '../../domain/work-order.ts';
import { CONSUMER, DOMAIN, KEYS, NODE, NOW, PROVIDER, setup, type World } from '../app/fixture.ts';
import { poolFolder, someLease, startPlugin, until, type PluginProcess } from '../support/plugin-client.ts';

const CLASS = 'H100-SXM-80G';
const STRANGER: Hex = `0x${'77'.repeat(32)}`;

describe('the workorder plugin', () => {
  let world: World;
  let gateway: Server;
  let plugin: PluginProcess;
  const home = poolFolder();
  const keys = mkdtempSync(join(tmpdir(), 'cardhour-keys-'));
  const keyFile = join(keys, 'key');
  const clock = () => Math.floor(Date.now() / 1_000);
  const settings = () => ({
    gateway: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    provider: PROVIDER,
    auction: DOMAIN.auction,
    chainId: DOMAIN.chainId,
    keyFile,
    cards: { [CLASS]: 4 },
    pollSeconds: 1,
  });
  const ask = async (
    part: Omit<WorkOrderRequest, 'at' | 'provider'>,
    key: Hex = KEYS.provider,
    at = clock(),
  ) => {
    const request: WorkOrderRequest = { ...part, provider: PROVIDER, at };
    const signature = await privateKeyToAccount(key).signMessage({ message: workOrderText(DOMAIN, request) });
    return handleWorkOrder(world.db, DOMAIN, { ...request, signature }, clock());
  };
  const order = (id: string) => ({ pool: 'pool-1', order: id });
  const lease = (id: string, cards = 1) => ({
    ...someLease(CLASS, 'train', { limits: { cards, seconds: 60 } }),
    id,
  });

  beforeAll(async () => {
    world = await setup();
    await world.db.lease.createMany({
      data: [7n, 8n, 9n].map((id) => ({
        id,
        consumer: CONSUMER,
        provider: PROVIDER,
        node: NODE,
        sourceId: ZERO_HASH,
        cards: 1,
        duration: 60n,
        start: NOW,
        end: NOW + 60n,
        rate: '1',
        locked: '1',
        paid: '0',
        fee: '0',
        refunded: '0',
        settledUntil: NOW,
        workload: ZERO_HASH,
        endReason: 'NONE',
        settled: false,
        followsPage: true,
        blockNumber: 1n,
        blockHash: ZERO_HASH,
      })),
    });
    // The route's body, without Next around it.
    gateway = createServer((request, response) => {
      void (async () => {
        try {
          const answer = await handleWorkOrder(world.db, DOMAIN, JSON.parse(await text(request)), clock());
          response.end(JSON.stringify(answer));
        } catch (error) {
          const refusal = error as Refusal;
          response.writeHead(refusal instanceof Refusal ? refusal.http : 500);
          response.end(JSON.stringify({ code: refusal.code, detail: refusal.message }));
        }
      })();
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    writeFileSync(keyFile, `${KEYS.provider}\n`, { mode: 0o600 });
    plugin = await startPlugin('workorder', settings(), home.folder);
  });
  afterAll(async () => {
    await plugin?.stop();
    gateway?.closeAllConnections();
    gateway?.close();
    await world?.close();
    home.remove();
    rmSync(keys, { recursive: true, force: true });
  });

  it('goes from an order to access and back, and holds the cards until they are taken back', async () => {
    const wanted = lease('7-a', 3);
    expect(await plugin.call('start', { lease: wanted })).toMatchObject({ state: 'pending' });
    expect(await plugin.call('start', { lease: wanted })).toMatchObject({ state: 'pending' });
    const { orders } = await ask({ action: 'list' });
    expect(orders).toMatchObject([{ leaseId: '7', state: 'open', cards: 3, command: ['sh', '-c', 'train'] }]);
    await expect(plugin.call('start', { lease: lease('8-a', 2) })).rejects.toMatchObject({
      kind: 'NO_CAPACITY',
    });
    await expect(plugin.call('start', { lease: lease('8-a', 5) })).rejects.toMatchObject({ kind: 'REFUSED' });

    await ask({ action: 'provision', ...order('7-a'), access: 'ssh team@host' });
    await until(() => plugin.changes.some(({ id, state }) => id === '7-a' && state === 'running'));
    const running = await plugin.call('status', { id: '7-a' });
    expect(running).toMatchObject({ state: 'running', access: 'ssh team@host' });
    expect(new Set(running.cards).size).toBe(3);
    expect(await plugin.log('7-a')).not.toContain('ssh');
    await expect(plugin.call('release', { id: '7-a' })).rejects.toMatchObject({ kind: 'STILL_RUNNING' });

    expect(await plugin.call('stop', { id: '7-a', graceMs: 0 })).toMatchObject({ state: 'exited' });
    await plugin.call('release', { id: '7-a' });
    expect((await plugin.call('list', {})).leases).toEqual([]);
    expect((await plugin.call('inventory', {})).cards[0]).toMatchObject({ count: 4, free: 1 });
    const closing = (await ask({ action: 'list' })).orders[0];
    expect(closing).toMatchObject({ state: 'closing', access: null });
    await ask({ action: 'finish', ...order('7-a') });
    await until(async () => (await plugin.call('inventory', {})).cards[0]?.free === 4);
  });

  it('fails a lease that the person refuses, or that nobody provisions in time', async () => {
    await plugin.call('start', { lease: lease('8-b') });
    await ask({ action: 'refuse', ...order('8-b'), note: 'the rack is down' });
    expect(await plugin.over('8-b')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('the rack is down') as string,
    });
    const hasty = await startPlugin(
      'workorder',
      { ...settings(), provisionWithinSeconds: 1 },
      home.folder,
      'hasty',
    );
    await hasty.call('start', { lease: lease('9-b') });
    expect(await hasty.over('9-b')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('nobody provisioned it') as string,
    });
    const late = ask({ action: 'provision', pool: 'hasty', order: '9-b', access: 'too late' });
    await expect(late).rejects.toMatchObject({ code: 'EXPIRED' });
    await hasty.stop();
    await plugin.call('release', { id: '8-b' });
  });

  it('shows access to the provider and the consumer, and to nobody else', async () => {
    await plugin.call('start', { lease: lease('9-c') });
    await ask({ action: 'provision', ...order('9-c'), access: 'the password' });
    const own = await ask({ action: 'access', order: '9' }, KEYS.consumer);
    expect(own.orders).toMatchObject([{ access: 'the password' }]);
    await expect(ask({ action: 'access', order: '9' }, STRANGER)).rejects.toMatchObject({
      code: 'NOT_PARTY',
    });
    await expect(ask({ action: 'list' }, STRANGER)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
    await expect(ask({ action: 'list' }, KEYS.consumer)).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
    const old = ask({ action: 'list' }, KEYS.provider, clock() - 400);
    await expect(old).rejects.toMatchObject({ code: 'EXPIRED' });
    // Signed for one action, sent as another.
    const request: WorkOrderRequest = { action: 'list', provider: PROVIDER, at: clock() };
    const signature = await privateKeyToAccount(KEYS.provider).signMessage({
      message: workOrderText(DOMAIN, request),
    });
    const forged = { ...request, action: 'finish', ...order('9-c'), signature };
    await expect(handleWorkOrder(world.db, DOMAIN, forged, clock())).rejects.toMatchObject({
      code: 'BAD_SIGNATURE',
    });
  });

  it('finds everything again after it was killed', async () => {
    await plugin.kill();
    plugin = await startPlugin('workorder', settings(), home.folder);
    expect((await plugin.call('list', {})).leases).toMatchObject([{ id: '9-c', state: 'running' }]);
    await plugin.call('stop', { id: '9-c', graceMs: 0 });
    await plugin.call('release', { id: '9-c' });
    await ask({ action: 'finish', ...order('9-c') });
    const again = ask({ action: 'provision', ...order('9-c'), access: 'x' });
    await expect(again).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('places no order for a lease that is not there or not its own, and takes no key that others may read', async () => {
    await expect(plugin.call('start', { lease: lease('12345-a') })).rejects.toMatchObject({
      kind: 'NOT_READY',
    });
    await expect(plugin.call('start', { lease: lease('not-a-lease') })).rejects.toMatchObject({
      kind: 'REFUSED',
    });
    const open = join(keys, 'open');
    writeFileSync(open, KEYS.provider, { mode: 0o644 });
    const other = startPlugin('workorder', { ...settings(), keyFile: open }, home.folder, 'other');
    await expect(other).rejects.toMatchObject({ kind: 'BAD_SETTINGS' });
  });
});
