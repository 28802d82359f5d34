'use client';

import { useQuery, type UseQueryResult } from '@tanstack/react-query';

/** A refusal of the API: one sentence and what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly sentence: string;
  readonly fix: string;

  constructor(code: string, sentence: string, fix: string) {
    super(`${sentence} ${fix}`);
    this.code = code;
    this.sentence = sentence;
    this.fix = fix;
  }
}

async function read<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => null)) as {
    code?: string;
    title?: string;
    fix?: string;
  } | null;
  if (response.ok) return body as T;
  throw new ApiError(
    body?.code ?? 'UNREACHABLE',
    body?.title ?? `The server answered ${response.status}.`,
    body?.fix ?? 'Try again in a moment.',
  );
}

export async function getJson<T>(path: string): Promise<T> {
  return read<T>(await fetch(path));
}

/** @param body bigints are sent as decimal strings */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const text = JSON.stringify(body, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return read<T>(
    await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }),
  );
}

/** What the path answers, asked again every two seconds; `null` asks nothing. */
export function useApi<T>(path: string | null): UseQueryResult<T> {
  return useQuery(queryOf<T>(path));
}

/** The items of the page that the path answers, asked again every two seconds; `null` asks nothing. */
export function useList<T>(path: string | null): UseQueryResult<T[]> {
  return useQuery({ ...queryOf<{ items: T[] }>(path), select: ({ items }) => items });
}

function queryOf<T>(path: string | null) {
  return {
    queryKey: ['api', path],
    queryFn: () => getJson<T>(path ?? ''),
    enabled: path !== null,
    refetchInterval: 2_000,
  };
}
