import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { receiptSchema } from '../../app/server/wire.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex, Receipt } from '../../domain/types.ts';

const answerSchema = z.union([
  receiptSchema,
  z.object({ receipt: receiptSchema }).transform((it) => it.receipt),
]);

/**
 * A receipt as the gateway answered it, alone or in its whole answer.
 * @param slot that it must be of; null: any
 * @throws Refusal when the file is none, or of another slot
 */
export async function readReceipt(file: string, slot: bigint | null): Promise<Receipt & { signature: Hex }> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Refusal('NOT_FOUND', `There is no file ${file}.`, 'Pass --receipt FILE.');
  });
  const parsed = answerSchema.safeParse(jsonOf(text));
  if (!parsed.success)
    throw new Refusal(
      'MALFORMED',
      `${file} is no receipt.`,
      'Pass the JSON with which the gateway answered: scheduler, slot, seq, item, head and signature.',
    );
  const receipt = parsed.data;
  if (slot !== null && receipt.slot !== slot)
    throw new Refusal(
      'MALFORMED',
      `The receipt is of slot ${receipt.slot}, not of slot ${slot}.`,
      `Pass --slot ${receipt.slot}, or leave --slot out.`,
    );
  return receipt;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
