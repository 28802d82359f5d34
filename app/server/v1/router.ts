/** Finds the route of a method and a path; literal segments before named ones. */
import type { AnyRoute, Method, RouteKey } from './declaration.ts';

export interface Found {
  key: RouteKey;
  route: AnyRoute;
  /** Named segments, decoded. */
  path: Record<string, string>;
}

interface Entry {
  key: RouteKey;
  route: AnyRoute;
  /** Literal text, or null where a name stands. */
  literals: (string | null)[];
  names: string[];
}

export interface Router {
  /** Null for an unknown path; the methods that it has for a known one with another method. */
  find(method: string, path: string): Found | null | { allow: string[] };
}

export function createRouter(table: Record<string, AnyRoute>): Router {
  const byLength = new Map<number, Entry[]>();
  for (const [key, route] of Object.entries(table)) {
    const segments = key.slice(key.indexOf('/') + 1).split('/');
    const named = segments.map((segment) => /^\{(\w+)\}$/.exec(segment)?.[1] ?? null);
    const literals = segments.map((segment, index) => (named[index] === null ? segment : null));
    const entry = { key: key as RouteKey, route, literals, names: named.map((name) => name ?? '') };
    byLength.set(segments.length, [...(byLength.get(segments.length) ?? []), entry]);
  }
  const weight = ({ literals }: Entry): string =>
    literals.map((text) => (text === null ? '1' : '0')).join('');
  for (const entries of byLength.values()) entries.sort((a, b) => (weight(a) < weight(b) ? -1 : 1));

  return {
    find(method, path) {
      const segments = path.slice(1).split('/');
      const allow: string[] = [];
      for (const { key, route, literals, names } of byLength.get(segments.length) ?? []) {
        if (!literals.every((text, index) => text === null || text === segments[index])) continue;
        const has = key.slice(0, key.indexOf(' ')) as Method;
        if (has !== method && !(has === 'GET' && method === 'HEAD')) {
          allow.push(has);
          continue;
        }
        const found: Record<string, string> = {};
        for (const [index, name] of names.entries()) if (name !== '') found[name] = decoded(segments[index]!);
        return { key, route, path: found };
      }
      return allow.length === 0 ? null : { allow };
    },
  };
}

/** A segment that can't be decoded stands as it is: no schema takes it. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
