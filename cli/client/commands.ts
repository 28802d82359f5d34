/** The commands of a consumer on the command line; each answers `--json` too. */
import type { Command } from 'commander';
import type { Desk, DeskFlags } from './desk.ts';
import type { Wish } from './trade.ts';

type Work = (desk: Desk) => Promise<void>;

/** @param apiUrl default of `--api` */
export function addClientCommands(program: Command, apiUrl: string): void {
  const withDesk = (command: Command): Command =>
    command
      .option('--api <url>', 'the market', apiUrl)
      .option('--key <file>', "file with the account's private key; else the variable CARDHOUR_KEY")
      .option('--json', 'the answer as one JSON text');
  const run = async (flags: DeskFlags, work: Work): Promise<void> => {
    const { exitCodeOf, openDesk } = await import('./desk.ts');
    const desk = openDesk(flags, (line) => console.log(line));
    process.exitCode = await exitCodeOf(
      () => work(desk),
      (line) => console.error(line),
    );
  };
  const wanting = (command: Command): Command =>
    withDesk(command)
      .requiredOption('--class <name>', 'resource class, or any')
      .option('--cards <n>', 'cards on one node', '1')
      .option('--hours <n>', 'for how long', '1')
      .option('--region <name>', 'the one region where it may run')
      .option('--run <command>', 'what the lease runs, for sh -c', 'true');

  withDesk(program.command('market').description('classes, what is free, and what it costs')).action(
    (flags: DeskFlags) => run(flags, async (desk) => (await import('./trade.ts')).showMarket(desk)),
  );
  wanting(program.command('quote').description('a firm price, signed by the market')).action(
    (flags: DeskFlags & Wish) =>
      run(flags, async (desk) => (await import('./trade.ts')).askQuote(desk, flags)),
  );
  wanting(program.command('order').description('sign a bid and hand it in'))
    .requiredOption('--price <tokens>', 'the most that a card-hour may cost')
    .action((flags: DeskFlags & Wish & { price: string }) =>
      run(flags, async (desk) => (await import('./trade.ts')).bid(desk, flags, flags.price)),
    );
  withDesk(program.command('orders').description('your orders and what became of them')).action(
    (flags: DeskFlags) => run(flags, async (desk) => (await import('./trade.ts')).listOrders(desk)),
  );
  withDesk(program.command('lease').description('your leases, or one').argument('[id]'))
    .option('--live', 'only those that still hold money')
    .action((id: string | undefined, flags: DeskFlags & { live?: boolean }) =>
      run(flags, async (desk) => {
        const { listLeases, showLease } = await import('./mine.ts');
        await (id === undefined ? listLeases(desk, flags.live === true) : showLease(desk, id));
      }),
    );
  withDesk(program.command('logs').description("what a lease's command wrote").argument('<id>'))
    .option('--follow', 'go on until the command ends')
    .action((id: string, flags: DeskFlags & { follow?: boolean }) =>
      run(flags, async (desk) => {
        const { showLog } = await import('./mine.ts');
        const stop = new AbortController();
        process.once('SIGINT', () => stop.abort());
        await showLog(desk, id, flags.follow === true, (text) => process.stdout.write(text), stop.signal);
      }),
    );
  withDesk(program.command('account').description('your money, explained, and how long it lasts')).action(
    (flags: DeskFlags) => run(flags, async (desk) => (await import('./mine.ts')).showAccount(desk)),
  );
  withDesk(program.command('invoice').description("a month's bill").argument('<month>', 'as 2026-11'))
    .option('--csv <file>', 'write the lines as CSV')
    .option('--pdf <file>', 'write it as PDF')
    .action((month: string, flags: DeskFlags & { csv?: string; pdf?: string }) =>
      run(flags, async (desk) => {
        const { csv, pdf } = flags;
        const files = { ...(csv === undefined ? {} : { csv }), ...(pdf === undefined ? {} : { pdf }) };
        await (await import('./mine.ts')).invoice(desk, month, files);
      }),
    );
  program
    .command('completion')
    .description('what a shell needs to complete commands: source <(cardhour completion)')
    .action(() => {
      const names = program.commands.map((command) => command.name());
      const options = program.commands.map(
        (command) => `    ${command.name()}) words="${command.options.map(({ long }) => long).join(' ')}" ;;`,
      );
      console.log(
        [
          '_cardhour() {',
          '  local words',
          '  case "${COMP_WORDS[1]}" in',
          ...options,
          `    *) words="${names.join(' ')}" ;;`,
          '  esac',
          '  [ "$COMP_CWORD" = 1 ] && words="' + names.join(' ') + '"',
          '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
          '}',
          'complete -F _cardhour cardhour',
        ].join('\n'),
      );
    });
}
