/** The command `cardhour`; `npm run cardhour -- help` lists what it can do. */
import { Command } from 'commander';
import { Refusal } from '../domain/refusal.ts';

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

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
