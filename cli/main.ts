/** The command `cardhour`; `npm run cardhour -- help` lists what it can do. */
import { Command } from 'commander';
import { Refusal } from '../domain/refusal.ts';
import type { ReplayFlags } from './replay/main.ts';
import type { VerifyFlags } from './verify/flags.ts';

const program = new Command('cardhour').description(
  'An open market for computing power, and the proof of its auctions.',
);

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
  .option('--receipt <file>', 'a receipt of yours, to be found in its slot')
  .option(
    '--rpc <url>',
    'the chain',
    process.env.RPC_URL ?? `http://127.0.0.1:${process.env.CHAIN_PORT ?? 8545}`,
  )
  .option('--inputs <url|dir>', 'who hands out the inputs: a market, or a mirror of it (default: --api)')
  .option('--save <dir>', 'mirror the inputs: a file a slot')
  .option('--deployment <file>', "the contracts' addresses (default: those of npm start, or ask --api)")
  .option(
    '--api <url>',
    "who tells the contracts' addresses",
    process.env.API_URL ?? `http://localhost:${process.env.PORT ?? 3000}`,
  )
  .option('--json', 'a JSON object a slot')
  .option('--csv', 'a line a slot and rule')
  .action(async (flags: VerifyFlags) => {
    const { verifyCommand } = await import('./verify/main.ts');
    process.exitCode = await verifyCommand(flags);
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

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
