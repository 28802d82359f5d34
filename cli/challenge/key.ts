/** Where a private key comes from: a file or the environment, never an argument that a process list shows. */
import { readFileSync } from 'node:fs';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

export const KEY_VARIABLE = 'CHALLENGER_KEY';

/** @param file with the key as its only text; absent: the environment's variable */
export function accountOf(
  file: string | undefined,
  environment = process.env,
  variable = KEY_VARIABLE,
): PrivateKeyAccount {
  const text = file === undefined ? environment[variable] : read(file);
  const from = file === undefined ? `the variable ${variable}` : `the file ${file}`;
  if (text === undefined || !/^0x[0-9a-fA-F]{64}$/.test(text.trim()))
    throw new Refusal(
      'ENVIRONMENT',
      `There is no private key in ${from}.`,
      `Pass --key FILE, or set ${variable}, with 0x and 64 hexadecimal digits.`,
    );
  return privateKeyToAccount(text.trim() as Hex);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
