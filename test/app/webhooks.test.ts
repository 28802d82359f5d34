/** Webhooks: what is told, once; signed, tried again, sent again; never into the network. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { noteBudgets, noteLeases, noteMoney } from '../../app/server/webhooks/events.ts';
import { sendDue } from '../../app/server/webhooks/run.ts';
import { isPublic, targetOf, targetUrl } from '../../app/server/webhooks/target.ts';
import { isWebhookOf, signWebhook } from '../../domain/webhooks.ts';
import { addressOf } from '../scheduler/market.ts';
import { testDatabase } from '../support/postgres.ts';
import { openWorld, type World } from './v1/world.ts';

const INSIDE = { inside: true };
const OUTSIDE = { inside: false };
const ALL = ['order.matched', 'lease.started', 'lease.ended', 'lease.settled', 'lease.outage'];

interface Taken {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

let world: World;
let receiver: Server;
let url: string;
let status = 200;
const taken: Taken[] = [];

beforeAll(async () => {
  world = await openWorld(await testDatabase(), { env: { WEBHOOKS_INSIDE: '1' } });
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response
        .writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {})
        .end('who reads this');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await world.close();
});
beforeEach(async () => {
  await world.db.webhook.deleteMany();
  await world.db.webhookDelivery.deleteMany();
  await world.db.lease.deleteMany();
  taken.length = 0;
  status = 200;
});

const make = async (name: string, events: string[], to = url): Promise<{ id: string; secret: string }> => {
  const answer = await world.post('/webhooks', { url: to, events }, await world.signIn(name));
  expect(answer.status, await answer.clone().text()).toBe(201);
  return (await answer.json()) as { id: string; secret: string };
};
const rules = { rules: INSIDE };
const due = () => sendDue({ db: world.db, ...rules });
const now = (): Promise<bigint> => world.context.chainNow();
const eventsOf = () => taken.map(({ headers }) => headers['cardhour-event']).sort();

test('eachThing_isToldOnce_signed', async () => {
  const { secret } = await make('consumer', ALL);
  const at = await now();
  await world.addLease({ id: 256n, start: at, end: at + 3_600n });
  await noteLeases(world.db, at);
  await noteLeases(world.db, at);
  expect(await due()).toBe(2);
  expect(eventsOf()).toEqual(['lease.started', 'order.matched']);
  const { headers, body } = taken[0]!;
  const clock = Math.floor(Date.now() / 1_000);
  const header = String(headers['cardhour-signature']);
  expect(isWebhookOf(secret, header, body, clock)).toBe(true);
  expect(JSON.parse(body)).toMatchObject({ account: addressOf('consumer'), lease: '256', cards: 2 });

  await world.db.lease.update({
    where: { id: 256n },
    data: { settled: true, endReason: 'COMPLETED', outage: 60n },
  });
  await noteLeases(world.db, at + 4_000n);
  expect(await due()).toBe(3);
  expect(await due()).toBe(0);
  expect(eventsOf()).toEqual([
    'lease.ended',
    'lease.outage',
    'lease.settled',
    'lease.started',
    'order.matched',
  ]);
});

test('aForgedOrOldMessage_isNone', () => {
  const header = signWebhook('secret', 1_000, '{"a":1}');
  expect(isWebhookOf('secret', header, '{"a":1}', 1_299)).toBe(true);
  expect(isWebhookOf('secret', header, '{"a":1}', 1_301)).toBe(false);
  expect(isWebhookOf('secret', header, '{"a":2}', 1_000)).toBe(false);
  expect(isWebhookOf('other', header, '{"a":1}', 1_000)).toBe(false);
  expect(isWebhookOf('secret', header.replace('t=1000', 't=1001'), '{"a":1}', 1_000)).toBe(false);
  for (const wrong of ['', 't=1000', 'v1=aa', `t=1e3,v1=${'a'.repeat(64)}`, `${header},v1=${'0'.repeat(64)}`])
    expect(isWebhookOf('secret', wrong, '{"a":1}', 1_000)).toBe(false);
});

test('whatIsNotTaken_isTriedAgain_laterEachTime_andGivenUpAtLast', async () => {
  await make('consumer', ['lease.started']);
  const at = await now();
  await world.addLease({ id: 256n, start: at, end: at + 3_600n });
  await noteLeases(world.db, at);
  status = 500;
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 12; attempt++) {
    const before = Date.now();
    expect(await due()).toBe(1);
    expect(await due()).toBe(0);
    const row = await world.db.webhookDelivery.findFirstOrThrow();
    expect([row.attempts, row.last, row.state]).toEqual([
      attempt,
      'HTTP 500',
      attempt < 12 ? 'waiting' : 'given up',
    ]);
    waits.push(Math.round((row.nextAt.getTime() - before) / 10_000));
    await world.db.webhookDelivery.updateMany({ data: { nextAt: new Date(0) } });
  }
  expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  expect(await due()).toBe(0);
});

test('aRedirect_isNotFollowed_andNobodyThere_isSaid', async () => {
  await make('consumer', ['lease.started']);
  await make('consumer', ['lease.started'], 'http://127.0.0.1:1/');
  const at = await now();
  await world.addLease({ id: 256n, start: at, end: at + 3_600n });
  await noteLeases(world.db, at);
  status = 302;
  expect(await due()).toBe(2);
  const rows = await world.db.webhookDelivery.findMany();
  expect(rows.map(({ last }) => last).sort()).toEqual(['HTTP 302', expect.stringContaining('ECONNREFUSED')]);
});

test('aDelivery_isSentAgain_byItsAccountAlone', async () => {
  const { id } = await make('consumer', ['lease.started']);
  const at = await now();
  await world.addLease({ id: 256n, start: at, end: at + 3_600n });
  await noteLeases(world.db, at);
  await due();
  const headers = await world.signIn('consumer');
  const list = await world.call(`/webhooks/${id}/deliveries`, { headers });
  const { items } = (await list.json()) as { items: { id: string; state: string; last: string }[] };
  expect(items).toMatchObject([{ state: 'taken', last: 'HTTP 200' }]);
  const again = `/webhooks/${id}/deliveries/${items[0]!.id}`;
  expect((await world.post(again, {}, await world.signIn('stranger'))).status).toBe(404);
  expect((await world.post(again, {}, headers)).status).toBe(204);
  await due();
  expect(taken).toHaveLength(2);
  expect(taken[1]!.body).toBe(taken[0]!.body);
  expect((await world.call(`/webhooks/${id}`, { method: 'DELETE', headers })).status).toBe(204);
  await world.db.webhookDelivery.updateMany({ data: { state: 'waiting', nextAt: new Date(0) } });
  expect(await due()).toBe(0);
});

test('moneyThatEnds_isTold_onceADay', async () => {
  await make('consumer', ['money.72h', 'money.24h']);
  const at = await now();
  const { feeBps } = world.market.deployment.parameters;
  await noteMoney(world.db, at, feeBps);
  expect(await due()).toBe(0);
  // 1,000 tokens in all: some 40 hours.
  await world.addLease({ id: 256n, start: at, end: at + 3_600n, cards: 10, rate: '2500000' });
  await noteMoney(world.db, at, feeBps);
  await noteMoney(world.db, at, feeBps);
  expect(await due()).toBe(1);
  expect(eventsOf()).toEqual(['money.72h']);
});

test('aBudget_isTold_atFourFifthsAndAtItsEnd_onceAMonth', async () => {
  await make('consumer', ['budget.80', 'budget.100']);
  const headers = await world.signIn('consumer');
  const path = `/accounts/${addressOf('consumer')}/budget`;
  const at = await now();
  await world.addLease({ id: 256n, start: at, end: at + 3_600n, locked: '800', paid: '500', fee: '10' });
  await noteBudgets(world.db, at);
  expect(await due()).toBe(0);
  const set = await world.post(path, { perMonth: '1000' }, headers, 'PUT');
  expect(await set.json()).toMatchObject({ perMonth: '1000', spent: '800' });
  await noteBudgets(world.db, at);
  await noteBudgets(world.db, at);
  expect(await due()).toBe(1);
  await world.db.lease.update({ where: { id: 256n }, data: { locked: '1000' } });
  await noteBudgets(world.db, at);
  expect(await due()).toBe(1);
  expect(eventsOf()).toEqual(['budget.100', 'budget.80']);
  expect((await world.post(path, { perMonth: null }, headers, 'PUT')).status).toBe(200);
  expect(await (await world.call(path, { headers })).json()).toMatchObject({ perMonth: null });
  expect((await world.post(path, { perMonth: '5' }, await world.signIn('stranger'), 'PUT')).status).toBe(403);
});

test('targetsInsideTheNetwork_areRefused', async () => {
  const inside = [
    '127.0.0.1',
    '127.8.9.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::',
    '2001:db8::1',
    'no address',
  ];
  for (const address of inside) expect([address, isPublic(address)]).toEqual([address, false]);
  for (const address of ['1.1.1.1', '172.32.0.1', '93.184.216.34', '2606:4700::1111'])
    expect([address, isPublic(address)]).toEqual([address, true]);
  for (const text of [
    'http://a.example/',
    'ftp://a.example/',
    'https://user:pass@a.example/',
    'https://a.example:22/',
    'nothing',
    'https://',
  ])
    expect(() => targetUrl(text, OUTSIDE)).toThrow();
  for (const text of [
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
  ])
    await expect(targetOf(text, OUTSIDE)).rejects.toMatchObject({ code: 'BAD_TARGET' });
  const names =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses);
  // One address of several is enough to get inside.
  await expect(targetOf('https://a.example/', OUTSIDE, names('1.1.1.1', '10.0.0.1'))).rejects.toMatchObject({
    code: 'BAD_TARGET',
  });
  await expect(targetOf('https://a.example/', OUTSIDE, names())).rejects.toMatchObject({
    code: 'BAD_TARGET',
  });
  expect(await targetOf('https://a.example/', OUTSIDE, names('1.1.1.1'))).toMatchObject({
    address: '1.1.1.1',
  });
});

test('aMarketWithoutTheSetting_takesNoTargetInside', async () => {
  const strict = await openWorld(await testDatabase());
  try {
    for (const to of [
      url,
      'https://127.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://localhost/',
    ]) {
      const answer = await strict.post(
        '/webhooks',
        { url: to, events: ALL },
        await strict.signIn('consumer'),
      );
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, 'BAD_TARGET']);
    }
  } finally {
    await strict.close();
  }
});
