/** The command `cardhour`; `npm run cardhour -- help` lists what it can do. */
import { Command } from 'commander';
import { Refusal } from '../domain/refusal.ts';
import type { ReplayFlags } from './replay/main.ts';

const program = new Command('cardhour').description(
  'An open market for computing power, and the proof of its auctions.',
);

const API_URL = process.env.API_URL ?? `http://localhost:${process.env.PORT ?? 3000}`;
const RPC_URL = process.env.RPC_URL ?? `http://127.0.0.1:${process.env.CHAIN_PORT ?? 8545}`;

program
  .command('up')
  .description('start the whole market (npm start)')
  .option('--empty', 'no demo providers and consumers')
  .option('--data <dir>', 'folder for all data', undefined)
  .option('--reset', 'delete all data first')
  .option('--yes', 'with --reset: do not ask')
  .action(async (flags: { empty?: boolean; data?: string; reset?: boolean; yes?: boolean }) => {
    const { up } = await import('./up.ts');
    process.exit(await up(flags));
  });

program
  .command('verify')
  .description('replay slots from their published inputs against the chain')
  .option('--slot <n>', 'one slot')
  .option('--all', 'every slot that the chain has')
  .option('--api <url>', 'who publishes the inputs', API_URL)
  .option('--rpc <url>', 'the chain', RPC_URL)
  .option('--deployment <file>', "the contracts' addresses", '.cardhour/deployment.json')
  .option('--json', 'a JSON object per slot')
  .action(async (flags: VerifyFlags) => {
    const { verify } = await import('./verify/verify.ts');
    if ((flags.slot === undefined) === (flags.all === undefined))
      throw new Refusal('ENVIRONMENT', 'Which slot?', 'Pass --slot N or --all.');
    if (flags.slot !== undefined && !/^\d+$/.test(flags.slot))
      throw new Refusal('ENVIRONMENT', `'${flags.slot}' is no slot number.`, 'Pass --slot N.');
    process.exitCode = await verify(
      {
        slot: flags.slot === undefined ? undefined : BigInt(flags.slot),
        apiUrl: flags.api,
        rpcUrl: flags.rpc,
        deploymentFile: flags.deployment,
        json: flags.json === true,
      },
      (line) => console.log(line),
    );
  });

const challenging = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .requiredOption('--slot <n>', 'the slot')
    .option('--inputs <url>', 'who publishes the inputs', API_URL)
    .option('--rpc <url>', 'the chain', RPC_URL)
    .option('--deployment <file>', "the contracts' addresses", '.cardhour/deployment.json')
    .option('--key <file>', "file with the challenger's private key; else the variable CHALLENGER_KEY");

challenging('challenge', 'make the claims that win against a slot, see docs/auditing.md')
  .option('--dry-run', 'write the transactions as JSON, a line each, and send none')
  .option('--demand', 'demand withheld and forged items too: the deposit is lost if the scheduler shows them')
  .option('--receipts <file>', 'receipts that you hold')
  .option('--leaves <file>', "leaves behind the header's roots, if somebody published them")
  .action(async (flags: ChallengeFlags) => {
    const { challenge } = await import('./challenge/challenge.ts');
    process.exitCode = await challenge(
      {
        ...challengeOptions(flags),
        dryRun: flags.dryRun === true,
        withDemands: flags.demand === true,
        receiptsFile: flags.receipts,
        leavesFile: flags.leaves,
      },
      (line) => console.log(line),
    );
  });

challenging('demand', "make the scheduler show a leaf's item on-chain, or pay")
  .requiredOption('--tree <name>', 'orders or asks')
  .requiredOption('--index <i>', 'which leaf, from 0')
  .action(async (flags: ChallengeFlags & { tree: string; index: string }) => {
    const { demandItem } = await import('./challenge/demand.ts');
    const index = Number(wholeNumber(flags.index, 'leaf', '--index I'));
    process.exitCode = await demandItem({ ...challengeOptions(flags), tree: flags.tree, index }, (line) =>
      console.log(line),
    );
  });

program
  .command('replay')
  .description('a recorded trace through the whole market: see cli/replay/README.md')
  .requiredOption('--nodes <file>', 'nodes with their cards')
  .requiredOption('--pods <file>', 'pods: the orders')
  .option('--orders <n>', 'how many, by creation time', '2000')
  .option('--slot-seconds <n>', 'length of a slot in trace time', '600')
  .option('--prices <file>', 'a price feed instead of the built-in medians')
  .action(async (flags: ReplayFlags) => {
    const { replayCommand } = await import('./replay/main.ts');
    process.exitCode = await replayCommand(flags);
  });

interface ChallengeFlags {
  slot: string;
  inputs: string;
  rpc: string;
  deployment: string;
  key?: string;
  dryRun?: boolean;
  demand?: boolean;
  receipts?: string;
  leaves?: string;
}

function challengeOptions({ slot, inputs, rpc, deployment, key }: ChallengeFlags) {
  const common = { apiUrl: inputs, rpcUrl: rpc, deploymentFile: deployment, keyFile: key };
  return { slot: wholeNumber(slot, 'slot', '--slot N'), ...common };
}

function wholeNumber(text: string, what: string, flag: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new Refusal('ENVIRONMENT', `'${text}' is no ${what} number.`, `Pass ${flag}.`);
}

interface VerifyFlags {
  slot?: string;
  all?: boolean;
  api: string;
  rpc: string;
  deployment: string;
  json?: boolean;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
