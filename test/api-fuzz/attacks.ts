/** What a document does not describe: raw sockets, slow senders, injected headers, sign-ins that were used before. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../app/v1/world.ts';

export interface Attacks {
  requests: number;
  failures: string[];
}

/** Everything that the server says to these bytes, until it hangs up or is silent for so long. */
function raw(
  port: number,
  pieces: readonly string[],
  pauseMs: number,
  patienceMs: number,
): Promise<{ text: string; closed: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    let done = false;
    const socket = connect(port, '127.0.0.1');
    const end = (closed: boolean): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => end(false), patienceMs);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => end(true)).on('error', () => end(true));
    void (async () => {
      for (const piece of pieces) {
        if (done) return;
        socket.write(piece);
        await sleep(pauseMs);
      }
    })();
  });
}

export async function attack(world: World): Promise<Attacks> {
  const port = Number(new URL(world.url).port);
  const failures: string[] = [];
  let requests = 0;
  const expectThat = (ok: boolean, what: string): void => {
    requests += 1;
    if (!ok) failures.push(what);
  };

  // Header injection: neither names, values nor lines of ours come back as headers.
  for (const line of [
    'x-request-id: abcdefgh\r\nset-cookie: cardhour_session=evil',
    'x-request-id: abcdefgh%0d%0aset-cookie:evil=1',
    'origin: http://evil.example\r\nx: y',
    'authorization: Bearer ch_%00',
    'cookie: cardhour_session=\x01\x02',
    `cookie: ${'a=b; '.repeat(2_000)}`,
    'content-length: -1',
    'content-length: 5\r\ncontent-length: 6',
    'transfer-encoding: chunked\r\ncontent-length: 3',
  ]) {
    for (const method of ['GET', 'POST']) {
      const { text } = await raw(
        port,
        [`${method} /api/v1/market HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${line}\r\n\r\n`],
        0,
        5_000,
      );
      const [head = ''] = text.split('\r\n\r\n');
      expectThat(
        !/set-cookie/i.test(head) && !/^HTTP\/1\.1 5/.test(head),
        `${method} with ${line.slice(0, 40)}: ${head.slice(0, 80)}`,
      );
    }
  }
  for (const start of [
    'GET /api/v1/../../etc/passwd HTTP/1.1',
    'GET http://evil/api/v1/stats HTTP/1.1',
    'GET /api/v1/%2e%2e/stats HTTP/1.1',
    'BREW /api/v1/stats HTTP/1.1',
    'GET /api/v1//stats HTTP/1.1',
  ]) {
    const { text } = await raw(port, [`${start}\r\nhost: x\r\nconnection: close\r\n\r\n`], 0, 5_000);
    expectThat(!/^HTTP\/1\.1 5/.test(text), `${start}: ${text.slice(0, 80)}`);
  }

  // Slow senders: a header that never ends, a body that never comes.
  const drops = Array.from({ length: 60 }, (_, index) => `x-${index}: y\r\n`);
  const slowHead = raw(port, ['POST /api/v1/orders HTTP/1.1\r\nhost: x\r\n', ...drops], 500, 20_000);
  const slowBody = raw(
    port,
    [
      'POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n',
      ...drops,
    ],
    500,
    20_000,
  );
  expectThat((await slowHead).closed, 'a header that comes drop by drop holds its socket');
  const body = await slowBody;
  expectThat(
    body.closed || /^HTTP\/1\.1 408/.test(body.text),
    `a body that comes drop by drop: ${body.text.slice(0, 80)}`,
  );

  // Sign-ins: once, here, by whom it says.
  const first = await world.siwe('consumer');
  expectThat((await world.post('/sign-in', first)).status === 201, 'a right sign-in is refused');
  expectThat((await world.post('/sign-in', first)).status === 401, 'a sign-in works twice');
  const forged: [string, Record<string, unknown>][] = [
    ['for another site', { domain: 'evil.example', uri: 'https://evil.example' }],
    ['with another URI', { uri: 'https://evil.example' }],
    ['for another chain', { chainId: 1 }],
    ['of another account', { address: '0x000000000000000000000000000000000000dEaD' }],
    ['with a made-up nonce', { nonce: 'abcdefgh12345678' }],
    ['that is over', { expirationTime: new Date(Date.now() - 1_000) }],
    ['that has not begun', { notBefore: new Date(Date.now() + 600_000) }],
    ['of the future', { issuedAt: new Date(Date.now() + 600_000) }],
  ];
  for (const [what, change] of forged)
    expectThat(
      (await world.post('/sign-in', await world.siwe('consumer', change))).status === 401,
      `a sign-in ${what} works`,
    );

  // A page of another site with the cookie of ours.
  const session = await world.signIn('consumer');
  for (const origin of ['http://evil.example', 'null', undefined]) {
    const answer = await world.post(
      '/keys',
      { name: 'x', scopes: ['webhooks'] },
      { cookie: session['cookie']!, ...(origin === undefined ? {} : { origin }) },
    );
    expectThat(answer.status === 403, `another site's page acts: ${answer.status}`);
  }
  return { requests, failures };
}
