/**
 * The same verification in a real Chromium, in a worker. The modules are served as they are, one by one, their types taken off: what
 * runs is what a bundler would put together.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { launchBrowser } from '../../test/e2e/browser.ts';
import type { VerifyFigures, VerifyJob } from './job.ts';
import { toTagged } from './tagged.ts';

const ROOT = new URL('../../', import.meta.url);
const SERVED =
  /^\/(domain|bench\/auction|node_modules\/(@noble\/hashes|@bitauth\/libauth))\/[\w./-]+\.(ts|js)$/;
const PACKAGE = /(from\s*|import\s*)(['"])(@noble\/hashes|@bitauth\/libauth)\//g;

/** @throws Error when the browser's verification fails */
export async function verifyInBrowser(job: VerifyJob): Promise<VerifyFigures & { browser: string }> {
  const server = await serve(toTagged(job));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const figures = await page.evaluate(
      () =>
        new Promise<VerifyFigures>((resolve, reject) => {
          const worker = new Worker('/bench/auction/browser-thread.ts', { type: 'module' });
          worker.onmessage = ({ data }: MessageEvent<VerifyFigures>) => {
            resolve(data);
          };
          worker.onerror = ({ message }) => {
            reject(new Error(`the worker failed: ${message}`));
          };
        }),
    );
    return { ...figures, browser: browser.version() };
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}

async function serve(job: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const send = (type: string, body: string): void => {
      response.writeHead(200, { 'content-type': type }).end(body);
    };
    if (path === '/') send('text/html', '<!doctype html><title>bench</title>');
    else if (path === '/job') send('application/json', job);
    else if (SERVED.test(path) && !path.includes('..'))
      scriptOf(path).then(
        (script) => {
          send('text/javascript', script);
        },
        () => response.writeHead(404).end(),
      );
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function scriptOf(path: string): Promise<string> {
  const source = await readFile(new URL(`.${path}`, ROOT), 'utf8');
  const script = path.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  return script.replaceAll(PACKAGE, '$1$2/node_modules/$3/');
}
