/** Every route with every kind of caller: who is let through, and who is not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCOPES } from '../../../app/server/v1/access.ts';
import { ROUTES } from '../../../app/server/v1/table.ts';
import { ZERO_HASH } from '../../../domain/hash.ts';
import { addressOf } from '../../scheduler/market.ts';
import { testDatabase } from '../../support/postgres.ts';
import { signedOrder } from '../fixture.ts';
import { bigintText } from './door.ts';
import { openWorld, type World } from './world.ts';

/** Everything named in a path is `consumer`'s; the lease is of `consumer` and `provider`. */
const CALLERS = [
  'nobody',
  'consumer',
  'other consumer',
  'provider',
  'other provider',
  'monitor',
  'auditor',
  'operator',
  'administrator',
  'key of consumer',
  'narrow key of consumer',
  'key of other consumer',
] as const;
type Caller = (typeof CALLERS)[number];

const EVERYBODY: readonly Caller[] = CALLERS;
const PEOPLE: readonly Caller[] = CALLERS.filter((caller) => caller !== 'nobody' && !caller.includes('key'));
const SIGNED: readonly Caller[] = [...PEOPLE, 'key of consumer', 'key of other consumer'];

/** Written by hand, so that a declaration that says too much fails. The narrow key has the scope webhooks alone. */
const EXPECTED: Record<string, readonly Caller[]> = {
  'GET /config': EVERYBODY,
  'GET /health': EVERYBODY,
  'GET /market': EVERYBODY,
  'GET /classes/{class}': EVERYBODY,
  'GET /classes/{class}/candles': EVERYBODY,
  'GET /listings': EVERYBODY,
  'GET /stats': EVERYBODY,
  'GET /demand': EVERYBODY,
  'GET /demand/missed': EVERYBODY,
  'POST /orders': EVERYBODY,
  'GET /orders': SIGNED,
  'GET /orders/{id}': ['consumer', 'operator', 'key of consumer'],
  'POST /asks': EVERYBODY,
  'GET /asks': SIGNED,
  'POST /listings': EVERYBODY,
  'POST /workloads': EVERYBODY,
  'POST /tasks': EVERYBODY,
  'POST /quotes': EVERYBODY,
  'GET /quotes/{id}': EVERYBODY,
  'GET /leases': EVERYBODY,
  'GET /leases/{id}': EVERYBODY,
  'GET /leases/{id}/log': ['consumer', 'provider', 'operator', 'key of consumer'],
  'GET /leases/{id}/workload': ['consumer', 'provider', 'key of consumer'],
  'POST /leases/{id}/report': EVERYBODY,
  'POST /work-orders': EVERYBODY,
  'GET /slots': EVERYBODY,
  'GET /slots/{slot}': EVERYBODY,
  'GET /slots/{slot}/inputs': EVERYBODY,
  'GET /providers': EVERYBODY,
  'GET /providers/{provider}': EVERYBODY,
  'GET /providers/{provider}/reputation': EVERYBODY,
  'GET /nodes': EVERYBODY,
  'GET /entropy': EVERYBODY,
  'GET /entropy/{node}': EVERYBODY,
  'GET /clusters': EVERYBODY,
  'GET /clusters/peers': EVERYBODY,
  'GET /clusters/proposals': EVERYBODY,
  'POST /clusters/announcements': EVERYBODY,
  'POST /clusters/measurements': EVERYBODY,
  'POST /clusters/answers': EVERYBODY,
  'GET /cpi': EVERYBODY,
  'GET /cpi/statistics': EVERYBODY,
  'GET /cpi/usage': EVERYBODY,
  'GET /cpi/demand': EVERYBODY,
  'GET /cpi/dictionary': EVERYBODY,
  'GET /cpi/{id}': EVERYBODY,
  'GET /cpi/{id}/history': EVERYBODY,
  'POST /cpi/resolutions': EVERYBODY,
  'POST /sign-in/nonce': EVERYBODY,
  'POST /sign-in': EVERYBODY,
  'GET /session': EVERYBODY,
  'DELETE /session': PEOPLE,
  'GET /keys': PEOPLE,
  'POST /keys': PEOPLE,
  'DELETE /keys/{id}': ['consumer', 'administrator'],
  'GET /roles': ['administrator'],
  'PUT /roles/{account}/{role}': ['administrator'],
  'DELETE /roles/{account}/{role}': ['administrator'],
  'GET /audit': SIGNED,
  'GET /accounts/{account}': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'GET /accounts/{account}/balance': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'GET /accounts/{account}/budget': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'PUT /accounts/{account}/budget': ['consumer'],
  'GET /accounts/{account}/runway': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'GET /accounts/{account}/statements': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'GET /accounts/{account}/statements/{month}': ['consumer', 'operator', 'administrator', 'key of consumer'],
  'GET /accounts/{account}/statements/{month}/lines': [
    'consumer',
    'operator',
    'administrator',
    'key of consumer',
  ],
  'GET /accounts/{account}/invoices/{month}/csv': [
    'consumer',
    'operator',
    'administrator',
    'key of consumer',
  ],
  'GET /accounts/{account}/invoices/{month}/pdf': [
    'consumer',
    'operator',
    'administrator',
    'key of consumer',
  ],
  'GET /webhooks': [...SIGNED, 'narrow key of consumer'],
  'POST /webhooks': [...SIGNED, 'narrow key of consumer'],
  'DELETE /webhooks/{id}': ['consumer', 'key of consumer', 'narrow key of consumer'],
  'GET /webhooks/{id}/deliveries': ['consumer', 'key of consumer', 'narrow key of consumer'],
  'POST /webhooks/{id}/deliveries/{delivery}': ['consumer', 'key of consumer', 'narrow key of consumer'],
  'GET /events/slots': EVERYBODY,
  'GET /events/leases': EVERYBODY,
  'GET /events/leases/{id}/log': ['consumer', 'provider', 'operator', 'key of consumer'],
  'GET /openapi.json': EVERYBODY,
  'GET /docs': EVERYBODY,
  'GET /ready': EVERYBODY,
  'GET /metrics': ['operator', 'administrator'],
};

const LEASE = 1793n;
const WEBHOOK = 'a'.repeat(24);
let world: World;
let headers: Record<Caller, Record<string, string>>;
let path: Record<string, string>;

beforeAll(async () => {
  world = await openWorld(await testDatabase());
  const { db } = world;
  await db.chainEvent.create({
    data: {
      blockNumber: 1_000_000n,
      logIndex: 0,
      blockHash: ZERO_HASH,
      txHash: ZERO_HASH,
      contract: 'monitors',
      name: 'MonitorBonded',
      args: { monitor: addressOf('monitor'), bond: '1' },
    },
  });
  await db.node.updateMany({
    where: { provider: addressOf('other provider') },
    data: { auditor: addressOf('auditor') },
  });
  const grantedBy = addressOf('administrator');
  await db.roleGrant.create({ data: { account: addressOf('operator'), role: 'operator', grantedBy } });
  await world.addLease({ id: LEASE });
  const { order: signed, classes } = await signedOrder();
  const message = JSON.parse(JSON.stringify({ order: signed, classes }, bigintText)) as object;
  const order = await db.order.create({
    data: {
      id: ZERO_HASH,
      consumer: addressOf('consumer'),
      message,
      signature: '0x',
      slot: 1n,
      validUntil: 1n,
    },
  });
  await db.webhook.create({
    data: {
      id: WEBHOOK,
      account: addressOf('consumer'),
      url: 'https://a.example',
      secret: 's',
      events: [],
      since: 0n,
    },
  });
  const plain = SCOPES.filter((scope) => scope !== 'operate');
  const spare = await world.makeKey('consumer', { scopes: ['webhooks'] });
  path = {
    account: addressOf('consumer'),
    provider: addressOf('provider'),
    class: ZERO_HASH,
    node: world.node,
    slot: '7',
    role: 'operator',
    month: '2026-11',
    delivery: '1',
  };
  const ids: Record<string, string> = {
    leases: String(LEASE),
    orders: order.id,
    keys: spare.id,
    webhooks: WEBHOOK,
    quotes: ZERO_HASH,
    cpi: world.node,
  };
  path = { ...path, ...Object.fromEntries(Object.entries(ids).map(([kind, id]) => [`${kind} id`, id])) };
  headers = {
    nobody: {},
    consumer: await world.signIn('consumer'),
    'other consumer': await world.signIn('other consumer'),
    provider: await world.signIn('provider'),
    'other provider': await world.signIn('other provider'),
    monitor: await world.signIn('monitor'),
    auditor: await world.signIn('auditor'),
    operator: await world.signIn('operator'),
    administrator: await world.signIn('administrator'),
    'key of consumer': (await world.makeKey('consumer', { scopes: plain })).headers,
    'narrow key of consumer': (await world.makeKey('consumer', { scopes: ['webhooks'] })).headers,
    'key of other consumer': (await world.makeKey('other consumer', { scopes: plain })).headers,
  };
});
afterAll(() => world.close());

/** A path with everything that it names. */
function filled(key: string): string {
  const [, route = ''] = key.split(' ');
  const kind = /events\/(\w+)\//.exec(route)?.[1] ?? route.split('/')[1];
  return route.replace(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(path[name] ?? path[`${kind} ${name}`] ?? ''),
  );
}

/** Whether the caller came past the gate: what the request lacks beyond it is another matter. */
async function isLetThrough(key: string, caller: Caller): Promise<boolean> {
  const [method = ''] = key.split(' ');
  const stop = new AbortController();
  // Signing out or revoking would change who the next caller is: a session that is spent for it, and a query that is refused.
  const spoiled = key.startsWith('DELETE /') || key.includes('/roles/') ? '?spoiled=1' : '';
  const answer = await world.call(`${filled(key)}${spoiled}`, {
    method,
    signal: stop.signal,
    headers: { ...headers[caller], 'content-type': 'application/json' },
    ...(method === 'POST' || method === 'PUT' ? { body: '[]' } : {}),
  });
  const body = answer.headers.get('content-type')?.startsWith('text/event-stream') ? '' : await answer.text();
  stop.abort();
  expect(answer.status, `${key} as ${caller}: ${body}`).not.toBe(500);
  return ![401, 403].includes(answer.status) && !body.includes('or is not yours');
}

test('everyRoute_isInTheTable', () => {
  expect(Object.keys(ROUTES).sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(Object.keys(ROUTES))('%s lets through whom it should, and nobody else', async (key) => {
  const through: Caller[] = [];
  for (const caller of CALLERS) if (await isLetThrough(key, caller)) through.push(caller);
  expect(through).toEqual(CALLERS.filter((caller) => EXPECTED[key]!.includes(caller)));
});

test('whatIsNotThere_andWhatIsAnothers_areAnsweredAlike', async () => {
  const other = headers['other consumer'];
  const titleOf = async (id: string): Promise<unknown> =>
    (await world.call(`/orders/${id}`, { headers: other })).json();
  const [theirs, none] = [await titleOf(ZERO_HASH), await titleOf(`0x${'1'.repeat(64)}`)];
  expect({ ...(theirs as object), requestId: '' }).toEqual({ ...(none as object), requestId: '' });
});

test('roles_endWhenTheyAreTaken', async () => {
  const { administrator } = headers;
  const account = addressOf('other consumer');
  const metrics = async (): Promise<number> =>
    (await world.call('/metrics', { headers: headers['other consumer'] })).status;
  expect(await metrics()).toBe(403);
  expect((await world.post(`/roles/${account}/operator`, {}, administrator, 'PUT')).status).toBe(204);
  expect(await metrics()).toBe(200);
  expect(
    (await world.call(`/roles/${account}/operator`, { method: 'DELETE', headers: administrator })).status,
  ).toBe(204);
  expect(await metrics()).toBe(403);
});
