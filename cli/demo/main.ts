/** The demo's parties: `node cli/demo/main.ts setup` makes them exist, `trade` lets the consumers trade until stopped. */
import { readFileSync } from 'node:fs';
import { parseDeployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import { whenOrphaned } from '../../provider/supervised.ts';
import { trade } from './consumers.ts';
import { setUpDemo } from './setup.ts';

try {
  const rpcUrl = needed('RPC_URL', "the chain's JSON-RPC address");
  const deployment = parseDeployment(
    readFileSync(needed('DEPLOYMENT_FILE', "the market's deployment file"), 'utf8'),
  );
  const log = (line: string) => console.log(`[demo] ${line}`);
  const job = process.argv[2];
  if (job === 'setup') {
    await setUpDemo(rpcUrl, deployment);
    log('providers, consumers and the visitor are ready');
  } else if (job === 'trade') {
    const stop = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort());
    if (process.env['CARDHOUR_SUPERVISED'] === '1') whenOrphaned(() => stop.abort());
    const apiUrl = needed('API_URL', "the gateway's address").replace(/\/+$/, '');
    const seed = Number(process.env['DEMO_SEED'] ?? 1);
    await trade({ rpcUrl, apiUrl, deployment, seed, signal: stop.signal, log });
  } else {
    throw new Refusal('ENVIRONMENT', `The demo does not know '${job ?? ''}'.`, 'Say setup or trade.');
  }
  process.exit(0);
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exit(1);
}

function needed(name: string, meaning: string): string {
  const value = process.env[name];
  if (!value)
    throw new Refusal('ENVIRONMENT', `The environment variable ${name} is missing.`, `Set it to ${meaning}.`);
  return value;
}
