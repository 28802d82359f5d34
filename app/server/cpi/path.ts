import { Refusal } from '../../../domain/refusal.ts';

/** The identifier in `/api/cpi/{id}`, from the URL as it came: a router may or may not have decoded it. @throws Refusal MALFORMED */
export function cpiIdOf(request: Request): string {
  const [, id = ''] = /\/api\/cpi\/([^/]+)/.exec(new URL(request.url).pathname) ?? [];
  try {
    return decodeURIComponent(id);
  } catch {
    throw new Refusal(
      'MALFORMED',
      'The path holds a % that escapes nothing.',
      'Write the identifier into the path with encodeURIComponent.',
    );
  }
}
