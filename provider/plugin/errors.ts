/** An error as it crosses the pipe: a code for programs, a sentence for people. */
import { ERRORS, type ErrorName } from './protocol.ts';

export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly kind: ErrorName;

  /** @param sentence what is wrong and what to do about it */
  constructor(kind: ErrorName, sentence: string) {
    super(sentence);
    this.kind = kind;
  }

  get code(): number {
    return ERRORS[this.kind].code;
  }

  /** Whether the same request may succeed later without a change. */
  get retryable(): boolean {
    return ERRORS[this.kind].retryable;
  }
}

/** By its code; a code that is not of the protocol counts as the plugin's own failure. */
export function errorOf(code: number, message: string): PluginError {
  const kind = (Object.keys(ERRORS) as ErrorName[]).find((name) => ERRORS[name].code === code);
  return new PluginError(kind ?? 'INTERNAL', message);
}
