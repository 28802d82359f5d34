import { Refusal } from '../../domain/refusal.ts';

export function notFound(what: string, fix: string): Refusal {
  return new Refusal('NOT_FOUND', `${what} is not known here.`, fix);
}
