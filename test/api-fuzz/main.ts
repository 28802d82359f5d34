/**
 * `npm run test:api-fuzz`: requests out of the OpenAPI document, bent, and attacks that it does not describe, against the API
 * on a real socket with a real database and chain. No answer may be a 5xx, no answer may show its insides.
 *
 *   API_FUZZ_REQUESTS (12,000), API_FUZZ_SEED (1)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../../bench/bench.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { rightOrder, rightWish, WORKLOAD } from '../app/v1/orders.ts';
import { bigintText } from '../app/v1/door.ts';
import { openWorld } from '../app/v1/world.ts';
import { classId } from '../../domain/names.ts';
import { addressOf, CLASS } from '../scheduler/market.ts';
import { attack } from './attacks.ts';
import { operationsOf, requestFor, type Wanted } from './requests.ts';

const REQUESTS = Number(process.env['API_FUZZ_REQUESTS'] ?? 12_000);
const SEED = Number(process.env['API_FUZZ_SEED'] ?? 1);
const AT_ONCE = 8;
/** What no caller should read. */
const INSIDES = /node_modules|\.ts:\d|\bat \w+ \(|prisma|postgres|pg_|SELECT .* FROM|ECONN|stack/i;

const dir = await mkdtemp(join(tmpdir(), 'cardhour-fuzz-'));
const postgres = await startPostgres({ dir, durable: false });
const databaseUrl = await createDatabase(postgres.url, 'fuzz');
await migrate(databaseUrl);
const world = await openWorld({ url: databaseUrl, drop: () => Promise.resolve() }, { bodyMs: 3_000 });
let failed = true;
try {
  await world.addLease({ id: 1793n });
  const document: unknown = await (await world.call('/openapi.json')).json();
  const operations = operationsOf(document);
  const next = random(SEED);
  const orders = await Promise.all(
    Array.from({ length: 40 }, (_, nonce) => rightOrder(world, BigInt(nonce))),
  );
  const orderAnswer = await world.post('/orders', orders[0]);
  if (orderAnswer.status !== 201) throw new Error(`a right order is refused: ${await orderAnswer.text()}`);
  const { id: orderId } = (await orderAnswer.json()) as { id: string };
  const bodies = {
    'POST /orders': orders.map((order) => JSON.parse(JSON.stringify(order, bigintText)) as object),
    'POST /workloads': [WORKLOAD],
    'POST /keys': [{ name: 'fuzz', scopes: ['webhooks'], days: 1 }],
    'POST /cpi/resolutions': [{ ids: [world.node, 'cpi1:x'] }],
    'POST /sign-in': [await world.siwe('consumer')],
    'POST /quotes': [rightWish(orders[0]!.order)],
  };
  const key = await world.makeKey('consumer', {
    scopes: ['account:read', 'orders:read', 'orders:write', 'logs:read'],
  });
  const auths: { name: string | null; headers: Record<string, string> }[] = [
    { name: null, headers: {} },
    { name: 'consumer', headers: await world.signIn('consumer') },
    { name: 'administrator', headers: await world.signIn('administrator') },
    { name: null, headers: key.headers },
    { name: null, headers: { authorization: `Bearer ch_${'0'.repeat(24)}_${'A'.repeat(43)}` } },
    { name: null, headers: { cookie: `cardhour_session=${'A'.repeat(43)}`, origin: world.url } },
  ];
  const known = {
    id: ['1793', '0', world.node, orderId],
    account: [addressOf('consumer'), addressOf('provider')],
    provider: [addressOf('provider')],
    class: [classId(CLASS)],
    node: [world.node],
    slot: ['7', '1', '999999999999999999'],
    month: ['2026-11', '1999-13', '2099-12'],
  };
  const statuses = new Map<number, number>();
  const reached = new Map<string, number>();
  const wrong: string[] = [];
  let leaks = 0;
  let serverErrors = 0;
  let sent = 0;

  const judge = async ({ key, method, path, headers, body }: Wanted, streams: boolean): Promise<void> => {
    const stop = new AbortController();
    const ask = (): Promise<Response> =>
      fetch(`${world.url}/api/v1${path}`, { method, headers, body, signal: stop.signal });
    // A connection may close just when it is used again; twice would be the server's doing.
    const answer = await ask().catch(ask);
    const { status } = answer;
    const text = streams && status === 200 ? '' : await answer.text();
    stop.abort();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status < 400) reached.set(key, (reached.get(key) ?? 0) + 1);
    const name = `${method} ${path.slice(0, 120)} ${(body ?? '').slice(0, 300)}`;
    if (status >= 500) {
      serverErrors += 1;
      if (wrong.length < 20) wrong.push(`${status}: ${name}: ${text.slice(0, 300)}`);
    }
    // Only what we say ourselves: an answer may repeat what was sent.
    const said =
      status >= 400 && text.startsWith('{') ? String((JSON.parse(text) as { fix?: string }).fix) : '';
    if (INSIDES.test(said) || (status >= 500 && INSIDES.test(text))) {
      leaks += 1;
      if (wrong.length < 20) wrong.push(`leak: ${name}: ${text.slice(0, 300)}`);
    }
    const type = answer.headers.get('content-type') ?? '';
    if (status >= 400 && method !== 'HEAD' && !type.startsWith('application/problem+json'))
      wrong.push(`${status} is no problem+json: ${name}`);
  };
  const work = async (): Promise<void> => {
    while (sent < REQUESTS) {
      const operation = operations[sent % operations.length]!;
      sent += 1;
      const auth = auths[Math.floor(next() * auths.length)]!;
      await judge(requestFor(operation, next, known, bodies, auth.headers), operation.streams);
      // Some requests sign out.
      if (operation.key === 'DELETE /session' && auth.name !== null)
        auth.headers = await world.signIn(auth.name);
      if (sent % 2_000 === 0)
        console.error(`${sent} requests, ${serverErrors} server errors, ${leaks} leaks`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const attacks = await attack(world);
  // It still works.
  const after = await world.call('/market');
  if (after.status !== 200) wrong.push(`after all that the market answers ${after.status}`);
  const untouched = operations.filter(({ key }) => !reached.has(key)).map(({ key }) => key);
  for (const line of [...wrong, ...attacks.failures]) console.error(line);
  failed = serverErrors > 0 || leaks > 0 || wrong.length > 0 || attacks.failures.length > 0;
  console.log(
    JSON.stringify({
      proof: 'api-fuzz',
      requests: sent + attacks.requests,
      serverErrors,
      leaks,
      attacks: attacks.requests,
      attacksThatWorked: attacks.failures.length,
      routes: operations.length,
      routesThatAnsweredWell: operations.length - untouched.length,
      untouched,
      statuses: Object.fromEntries([...statuses].sort(([a], [b]) => a - b)),
      seed: SEED,
    }),
  );
} finally {
  await world.close();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
