/** What every route of the API shares: problems, pages, ETags, repeats, rates, sessions, keys, the audit log, streams. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GRACE_MS, ROTATE_MS, sessionOf, SESSION_MS } from '../../../app/server/v1/identity/sessions.ts';
import { createRateLimiter } from '../../../app/server/v1/rate.ts';
import { lockFor } from '../../../domain/units.ts';
import { addressOf } from '../../scheduler/market.ts';
import { deployContract } from '../../support/contracts.ts';
import { testDatabase } from '../../support/postgres.ts';
import { openProvider } from '../../../scheduler/provider.ts';
import { rightOrder } from './orders.ts';
import { openWorld, type World } from './world.ts';

/** A notification needs a commit and a turn of the loop; a loaded machine needs longer. */
const HEARD = { timeout: 60_000, interval: 50 };

let world: World;
beforeAll(async () => {
  world = await openWorld(await testDatabase(), { bodyMs: 500 });
});
afterAll(() => world.close());

const json = async <T>(answer: Promise<Response>): Promise<T> => (await (await answer).json()) as T;
let nonce = 100n;

test('errors_areProblems_withCodeFixAndRequest', async () => {
  const cases: [Promise<Response>, number, string][] = [
    [world.call('/nothing'), 404, 'NOT_FOUND'],
    [world.call('/market', { method: 'DELETE' }), 405, 'NO_METHOD'],
    [world.call('/orders'), 401, 'NOT_SIGNED_IN'],
    [world.call('/leases/99'), 404, 'NOT_FOUND'],
    [world.call('/leases/-1'), 400, 'MALFORMED'],
    [world.call('/leases/%E0%A4%A'), 400, 'MALFORMED'],
    [world.call('/slots?limit=1&limit=2'), 400, 'MALFORMED'],
    [world.call('/slots?cursor=!!'), 400, 'MALFORMED'],
    [world.call('/slots?what=1'), 400, 'MALFORMED'],
    [world.post('/orders', '{'), 400, 'MALFORMED'],
    [world.post('/orders', {}), 400, 'MALFORMED'],
    [world.post('/workloads', '{"command":["\\u0000"]}'), 400, 'MALFORMED'],
    [world.post('/orders', `"${'x'.repeat(300_000)}"`), 413, 'TOO_LARGE'],
    [world.post('/orders', '{}', { 'content-type': 'text/plain' }), 415, 'NOT_JSON'],
  ];
  for (const [answer, status, code] of cases) {
    const response = await answer;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const body = (await response.json()) as Record<string, unknown>;
    expect([response.status, body['status'], body['code']]).toEqual([status, status, code]);
    expect(body['requestId']).toBe(response.headers.get('x-request-id'));
    expect(String(body['title'])).toMatch(/\.$/);
    expect(String(body['fix'])).toMatch(/\.$/);
  }
});

test('theDocument_describesEveryRoute', async () => {
  const { paths, openapi } = await json<{ openapi: string; paths: Record<string, Record<string, unknown>> }>(
    world.call('/openapi.json'),
  );
  expect(openapi).toBe('3.1.0');
  expect(paths['/orders']).toMatchObject({
    get: { security: [{ session: [] }, { key: ['orders:read'] }] },
    post: { requestBody: { required: true }, responses: { 201: expect.anything() as unknown } },
  });
});

test('aReaderThatHasTheAnswer_isToldSo', async () => {
  const first = await world.call('/nodes');
  const etag = first.headers.get('etag')!;
  await first.text();
  const again = await world.call('/nodes', { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect((await world.call('/nodes', { headers: { 'if-none-match': '"else"' } })).status).toBe(200);
});

test('pages_holdEveryLeaseOnce_newestFirst', async () => {
  const ids = Array.from({ length: 25 }, (_, index) => 10_000n + BigInt(index));
  for (const id of ids)
    await world.addLease({ id, consumer: addressOf('pager'), provider: addressOf('other provider') });
  // Rented by one side, let by the other: an account may be both.
  await world.addLease({ id: 10_100n, consumer: addressOf('else'), provider: addressOf('pager') });
  const seen: string[] = [];
  let cursor = '';
  for (let pages = 0; pages < 10; pages += 1) {
    const { items, next } = await json<{ items: { id: string }[]; next: string | null }>(
      world.call(`/leases?account=${addressOf('pager')}&limit=7${cursor}`),
    );
    seen.push(...items.map(({ id }) => id));
    if (next === null) break;
    cursor = `&cursor=${next}`;
  }
  expect(seen).toEqual([10_100n, ...ids.toReversed()].map(String));
});

test('sameIdempotencyKey_isDoneOnce', async () => {
  const session = await world.signIn('consumer');
  const ask = (name: string) =>
    world.post('/keys', { name, scopes: ['webhooks'] }, { ...session, 'idempotency-key': 'once' });
  const [first, again] = [await ask('a'), await ask('a')];
  expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 201, 'true']);
  expect(await again.json()).toEqual(await first.json());
  expect((await ask('b')).status).toBe(409);
  const { items } = await json<{ items: { name: string }[] }>(world.call('/keys', { headers: session }));
  expect(items.filter(({ name }) => name === 'a')).toHaveLength(1);
});

test('anOrder_isReceipted_andSeenByItsConsumerAlone', async () => {
  const order = await rightOrder(world, (nonce += 1n));
  const answers = await Promise.all([world.post('/orders', order), world.post('/orders', order)]);
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as { id: string }[];
  expect(second).toMatchObject({ id: first!.id, receipt: { item: first!.id } });
  const headers = await world.signIn('consumer');
  const { items } = await json<{ items: { id: string; state: string }[] }>(
    world.call('/orders', { headers }),
  );
  expect(items.find(({ id }) => id === first!.id)).toMatchObject({ state: 'waiting' });
  expect((await world.call(`/orders/${first!.id}`, { headers })).status).toBe(200);
  expect((await world.call(`/orders/${first!.id}`, { headers: await world.signIn('stranger') })).status).toBe(
    404,
  );
});

test('aKey_spendsNoMoreThanItsLimit_whateverComesAtOnce', async () => {
  const orders = await Promise.all(Array.from({ length: 6 }, () => rightOrder(world, (nonce += 1n))));
  const { cards, duration, startPrice } = orders[0]!.order;
  const lock = lockFor(cards, duration, startPrice, world.market.deployment.parameters.feeBps);
  const { headers, id } = await world.makeKey('consumer', {
    scopes: ['orders:write'],
    spendPerDay: (lock * 3n).toString(),
  });
  const answers = await Promise.all(orders.map((order) => world.post('/orders', order, headers)));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 402, 402, 402]);
  // What was refused by the market counts nothing.
  const spent = await world.db.apiKeySpend.findFirst({ where: { keyId: id } });
  expect(spent?.amount.toFixed(0)).toBe((lock * 3n).toString());
  const other = await rightOrder(world, (nonce += 1n));
  const theirs = await world.makeKey('stranger', { scopes: ['orders:write'] });
  expect((await world.post('/orders', other, theirs.headers)).status).toBe(403);
});

test('aKey_endsWhenItIsRevoked', async () => {
  const { id, headers } = await world.makeKey('consumer', { scopes: ['account:read'] });
  expect((await world.call(`/accounts/${addressOf('consumer')}`, { headers })).status).toBe(200);
  expect(
    (await world.call(`/keys/${id}`, { method: 'DELETE', headers: await world.signIn('consumer') })).status,
  ).toBe(204);
  expect((await world.call(`/accounts/${addressOf('consumer')}`, { headers })).status).toBe(401);
});

test('aSession_changesItsToken_andEndsWhenAnOldOneComesBack', async () => {
  const { cookie } = await world.signIn('rotator');
  const token = cookie!.split('=')[1]!;
  const at = (ms: number): Date => new Date(Date.now() + ms);
  expect(await sessionOf(world.db, token, at(0))).toMatchObject({ newToken: null });
  const rotated = await sessionOf(world.db, token, at(ROTATE_MS + 1_000));
  const next = rotated!.newToken!;
  expect(next).not.toBe(token);
  // Requests that were under way.
  expect(await sessionOf(world.db, token, at(ROTATE_MS + 2_000))).toMatchObject({ newToken: null });
  expect(await sessionOf(world.db, next, at(ROTATE_MS + 3_000))).not.toBeNull();
  // A thief's, later: neither goes on.
  expect(await sessionOf(world.db, token, at(ROTATE_MS + 3_000 + GRACE_MS))).toBeNull();
  expect(await sessionOf(world.db, next, at(ROTATE_MS + 4_000 + GRACE_MS))).toBeNull();
  const late = (await world.signIn('rotator'))['cookie']!.split('=')[1]!;
  expect(await sessionOf(world.db, late, at(SESSION_MS + 1_000))).toBeNull();
});

test('signingOut_everywhere_endsAllSessions', async () => {
  const [one, two] = [await world.signIn('leaver'), await world.signIn('leaver')];
  const out = await world.call('/session?everywhere=1', { method: 'DELETE', headers: one });
  expect([out.status, out.headers.get('set-cookie')]).toEqual([
    204,
    expect.stringContaining('cardhour_session=;'),
  ]);
  expect((await world.call('/keys', { headers: two })).status).toBe(401);
});

test('aContractWallet_signsIn_byItsOwnWord', async () => {
  const provider = openProvider(world.chain.rpcUrl, 31_337);
  const signer = await provider.getSigner(0);
  const wallet = await deployContract('test/contracts/support/Wallet.sol:Wallet', signer);
  const { message } = await world.siwe('consumer', { address: wallet.address });
  // That wallet says yes to the bytes of "yes".
  const yes = `0x${Buffer.from('yes').toString('hex')}`;
  const answer = await world.post('/sign-in', { message, signature: yes });
  expect([answer.status, await answer.json()]).toEqual([
    201,
    expect.objectContaining({ account: wallet.address }),
  ]);
  const { message: other } = await world.siwe('consumer', { address: wallet.address });
  expect((await world.post('/sign-in', { message: other, signature: '0x6e6f' })).status).toBe(401);
  provider.destroy();
});

test('whatIsDone_isInTheAuditLog_whichNobodyChanges', async () => {
  const session = await world.signIn('audited');
  const { id } = await world.makeKey('audited', { scopes: ['webhooks'] });
  await world.call(`/keys/${id}`, {
    method: 'DELETE',
    headers: { ...session, 'x-request-id': 'the-one-that-revokes' },
  });
  await vi.waitFor(async () => {
    const { items } = await json<{ items: object[] }>(world.call('/audit', { headers: session }));
    expect(items[0]).toMatchObject({
      action: 'revoke a key',
      subject: id,
      status: 204,
      requestId: 'the-one-that-revokes',
    });
  }, HEARD);
  await expect(world.db.auditEntry.updateMany({ data: { action: 'nothing' } })).rejects.toThrow(
    /append-only/,
  );
  await expect(world.db.auditEntry.deleteMany({})).rejects.toThrow(/append-only/);
});

test('rates_fillUpAgain', () => {
  let now = 0;
  const rates = createRateLimiter(1, () => now);
  const taken = (): number => {
    for (let count = 0; ; count += 1) {
      try {
        rates.take('sign', 'somebody');
      } catch {
        return count;
      }
    }
  };
  expect(taken()).toBe(20);
  rates.take('sign', 'somebody else');
  now += 5_000;
  expect(taken()).toBe(5);
});

test('streams_tellChanges_ofLeasesSlotsAndLogs', async () => {
  const headers = await world.signIn('consumer');
  await world.addLease({ id: 20_000n });
  const streams = [
    await listen('/events/slots'),
    await listen(`/events/leases?account=${addressOf('consumer')}`),
    await listen('/events/leases?id=20000'),
    await listen('/events/leases/20000/log', headers),
  ];
  const [slots, account, lease, written] = streams as [Heard, Heard, Heard, Heard];
  // Nobody hears before the listener does; from then on `reset` has been said.
  await vi.waitFor(() => expect(slots.text()).toContain('event: reset'), HEARD);
  const { db } = world;
  const report = { state: 'running', heartbeats: 1, lastBeatAt: new Date(), sandbox: 'none' };
  await db.leaseReport.create({ data: { leaseId: 20_000n, ...report } });
  await db.leaseLog.createMany({
    data: [1, 2].map((seq) => ({ leaseId: 20_000n, seq, text: `line ${seq}\n` })),
  });
  await db.slotRun.create({
    data: { slot: 8n, state: 'published', matched: 1, unmatched: 2, manifest: new Uint8Array() },
  });
  await vi.waitFor(() => {
    expect(slots.text()).toContain('event: slot\ndata: {"slot":"8","state":"published","matched":1');
    expect(account.text()).toContain('"heartbeats":1');
    expect(lease.text()).toContain('"state":"running"');
    expect(written.text()).toContain('id: 2\nevent: log\ndata: {"seq":2,"text":"line 2\\n"}');
  }, HEARD);
  expect(slots.text()).not.toContain('event: lease');
  const later = await listen('/events/leases/20000/log', { ...headers, 'last-event-id': '1' });
  await vi.waitFor(() => expect(later.text()).toContain('"seq":2'), HEARD);
  expect(later.text()).not.toContain('"seq":1');
  await db.lease.delete({ where: { id: 20_000n } });
  await vi.waitFor(() => expect(lease.text()).toContain('event: gone'), HEARD);
  for (const stream of [...streams, later]) stream.close();
});

interface Heard {
  text(): string;
  close(): void;
}

async function listen(path: string, headers: Record<string, string> = {}): Promise<Heard> {
  const stop = new AbortController();
  const answer = await world.call(path, { headers, signal: stop.signal });
  expect(answer.status).toBe(200);
  let text = '';
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk, { stream: true });
  })().catch(() => undefined);
  return { text: () => text, close: () => stop.abort() };
}
