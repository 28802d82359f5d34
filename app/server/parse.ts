import type { z } from 'zod';
import { Refusal } from '../../domain/refusal.ts';

/** An input through its schema. @throws Refusal MALFORMED, naming the first field that is wrong. */
export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new Refusal(
    'MALFORMED',
    `The input is malformed${path === '' ? '' : ` at ${path}`}: ${issue?.message ?? 'unreadable'}.`,
    'Send the fields of the API, integers above 32 bits as decimal strings.',
  );
}
