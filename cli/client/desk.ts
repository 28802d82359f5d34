/** What the commands of a consumer share: the market's API under an account, and how answers are printed. */
import type { PrivateKeyAccount } from 'viem/accounts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import { ApiProblem, createClient, signIn, type Client } from '../../sdk/index.ts';
import { accountOf } from '../challenge/key.ts';

/** Of the account that trades, its private key; or an API key of it, which can't sign orders. */
const KEY_VARIABLE = 'CARDHOUR_KEY';
const API_KEY_VARIABLE = 'CARDHOUR_API_KEY';

export interface DeskFlags {
  api: string;
  /** File with the account's private key. */
  key?: string;
  json?: boolean;
}

export interface Desk {
  client: Client;
  /** The account, with its key. @throws Refusal ENVIRONMENT without a key */
  signer(): PrivateKeyAccount;
  /** The account's address; signs in where that has to be. */
  account(): Promise<Hex>;
  /** Prints for programs or for people. */
  print(value: unknown, lines: readonly string[]): void;
}

export function openDesk(
  flags: DeskFlags,
  write: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Desk {
  const apiKey = environment[API_KEY_VARIABLE];
  const client = createClient({ url: flags.api, ...(apiKey === undefined ? {} : { key: apiKey }) });
  const signer = (): PrivateKeyAccount => accountOf(flags.key, environment, KEY_VARIABLE);
  let known: Promise<Hex> | undefined;
  const open = async (): Promise<Hex> => {
    if (apiKey !== undefined) {
      const { account } = await client.call('GET /session');
      if (account !== null) return account as Hex;
    }
    const account = signer();
    await signIn(
      client,
      { address: account.address, signMessage: (message) => account.signMessage({ message }) },
      flags.api,
    );
    return account.address.toLowerCase() as Hex;
  };
  return {
    client,
    signer,
    account: () => (known ??= open()),
    print(value, lines) {
      if (flags.json === true) write(JSON.stringify(value, asText));
      else for (const line of lines) write(line);
    },
  };
}

const asText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** Exit code of a command: 0 when it did what was asked, 1 when the market or the input refused it, 3 when nobody answered. */
export async function exitCodeOf(work: () => Promise<void>, say: (line: string) => void): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (error instanceof ApiProblem) {
      say(`${error.code}: ${error.sentence} ${error.fix}`);
      return 1;
    }
    if (error instanceof Refusal) {
      say(error.message);
      return 1;
    }
    if (error instanceof TypeError || (error as Error).name === 'TimeoutError') {
      say('The market does not answer: start it with npm start, or pass --api URL.');
      return 3;
    }
    throw error;
  }
}
