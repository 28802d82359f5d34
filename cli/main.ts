/** The command `cardhour`; `npm run cardhour -- help` lists what it can do. */
import { Command } from 'commander';
import { Refusal } from '../domain/refusal.ts';
import { addClientCommands } from './client/commands.ts';
import type { InitFlags } from './provider/init.ts';
import type { ReplayFlags } from './replay/main.ts';
import type { ChallengeFlags } from './challenge/challenge.ts';
import type { DemandFlags } from './challenge/demand.ts';
import type { VerifyFlags } from './verify/flags.ts';

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
  .option('--range <a..b>', 'the slots from A to B')
  .option('--all', 'every slot that the chain has')
  .option('--follow', 'go on with each slot that is committed: a watchtower')
  .option('--challenge', 'with --follow: make the claims that win')
  .option('--key <file>', 'with --challenge: file with the private key; else the variable CHALLENGER_KEY')
  .option('--receipt <file>', 'a receipt of yours, to be found in its slot')
  .option('--rpc <url>', 'the chain', RPC_URL)
  .option('--inputs <url|dir>', 'who hands out the inputs: a market, or a mirror of it (default: --api)')
  .option('--save <dir>', 'mirror the inputs: a file a slot')
  .option('--deployment <file>', "the contracts' addresses (default: those of npm start, or ask --api)")
  .option('--api <url>', "who tells the contracts' addresses", API_URL)
  .option('--json', 'a JSON object a slot')
  .option('--csv', 'a line a slot and rule')
  .action(async (flags: VerifyFlags) => {
    const { verifyCommand } = await import('./verify/main.ts');
    process.exitCode = await verifyCommand(flags);
  });

const challenging = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .requiredOption('--slot <n>', 'the slot')
    .option('--rpc <url>', 'the chain', RPC_URL)
    .option('--deployment <file>', "the contracts' addresses (default: those of npm start, or ask --api)")
    .option('--api <url>', "who tells the contracts' addresses", API_URL)
    .option('--key <file>', "file with the challenger's private key; else the variable CHALLENGER_KEY");

challenging('challenge', 'make the claims that win against a slot, see docs/challenging.md')
  .option('--inputs <url|dir>', 'who hands out the inputs: a market, or a mirror of it (default: --api)')
  .option('--dry-run', 'write the transactions as JSON, a line each, and send none')
  .option('--demand', 'demand withheld and forged items too: the deposit is lost if the scheduler shows them')
  .option('--receipts <file>', 'receipts that you hold')
  .option('--leaves <file>', "leaves behind the header's roots, if somebody published them")
  .action(async (flags: ChallengeFlags) => {
    const { challenge, readChallenge } = await import('./challenge/challenge.ts');
    process.exitCode = await challenge(readChallenge(flags), (line) => console.log(line));
  });

challenging('demand', "make the scheduler show a leaf's item on-chain, or pay")
  .requiredOption('--tree <name>', 'orders or asks')
  .requiredOption('--index <i>', 'which leaf, from 0')
  .action(async (flags: DemandFlags) => {
    const { demandItem, readDemand } = await import('./challenge/demand.ts');
    process.exitCode = await demandItem(readDemand(flags), (line) => console.log(line));
  });

const provider = program.command('provider').description("a provider's agent on this machine");
const DATA = ['--data <dir>', "the agent's folder", process.env.DATA_DIR ?? '.cardhour/provider'] as const;

provider
  .command('init')
  .description('a key that lies encrypted, and what this machine could sell')
  .option(...DATA)
  .option('--enterprise <code>', 'who runs the machine')
  .option('--industry <code>', 'GB/T 4754', '6450')
  .option('--city <code>', 'GB/T 2260 or ISO 3166-2')
  .option('--zone <name>', 'availability zone')
  .action(async (flags: InitFlags) => {
    const { initProvider } = await import('./provider/init.ts');
    await initProvider(flags, (line) => console.log(line));
  });

provider
  .command('run')
  .description('the agent, with the key of its folder; environment: provider/README.md')
  .option(...DATA)
  .action(async (flags: { data: string }) => {
    const { runProvider } = await import('./provider/run.ts');
    await runProvider(flags);
  });

provider
  .command('status')
  .description('pools and leases of the agent')
  .option(...DATA)
  .option('--health <port>', "the agent's HEALTH_PORT", process.env.HEALTH_PORT)
  .action(async (flags: { data: string; health?: string }) => {
    const { showStatus } = await import('./provider/run.ts');
    await showStatus(flags, (line) => console.log(line));
  });

provider
  .command('drain')
  .description("offers no more of a pool's nodes, or of any; what was sold still runs")
  .option(...DATA)
  .option('--pool <name>', 'this pool alone')
  .option('--undo', 'offers them again')
  .action(async (flags: { data: string; pool?: string; undo?: boolean }) => {
    const { drainPools } = await import('./provider/drain.ts');
    drainPools(flags, (line) => console.log(line));
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

addClientCommands(program, API_URL);

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
