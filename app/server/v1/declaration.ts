/**
 * A route of the API is declared once: method and path (its key in the table), what it takes and answers, who may call it,
 * how often, and what it does. Checks, the OpenAPI document, the SDK's types and the access tests come from that.
 */
import type { z } from 'zod';
import type { ServerContext } from '../context.ts';
import type { Access, Principal } from './access.ts';
import type { RateClass } from './rate.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RouteKey = `${Method} /${string}`;

/** An answer that is no JSON. */
export interface RawAnswer {
  raw: Uint8Array | string;
  type: string;
  headers?: Record<string, string>;
}

/** An answer that goes on until either side ends it: pieces of an event stream. */
export interface StreamAnswer {
  /** Starts to send; what it returns stops it. `send` says whether the reader keeps up. */
  open(send: (piece: string) => boolean, end: () => void): () => void;
}

/** A header of the answer beside its body; cookies too. */
export type SetHeader = (name: string, value: string) => void;

export interface Input<P, Q, B> {
  path: P;
  query: Q;
  body: B;
  who: Principal;
  server: ServerContext;
  requestId: string;
  /** Network address of who asks. */
  from: string;
  /** Request headers, names in lower case. */
  headers: Record<string, string | undefined>;
  setHeader: SetHeader;
}

/** What a handler may return where a schema says text: whole numbers as bigint too. The wire has decimal digits. */
export type Loose<T> = T extends string
  ? T | bigint
  : T extends readonly (infer U)[]
    ? readonly Loose<U>[]
    : T extends object
      ? { [K in keyof T]: Loose<T[K]> }
      : T;

type Out<S, Else> = S extends z.ZodType ? z.output<S> : Else;

export interface Route<
  P extends z.ZodObject | undefined = z.ZodObject | undefined,
  Q extends z.ZodObject | undefined = z.ZodObject | undefined,
  B extends z.ZodType | undefined = z.ZodType | undefined,
  R extends z.ZodType | undefined = z.ZodType | undefined,
> {
  summary: string;
  /** Section of the document. */
  tag: string;
  access: Access;
  rate: RateClass;
  path?: P;
  query?: Q;
  body?: B;
  /** Schema of the JSON that it answers; left out for an answer that is none. */
  answer?: R;
  /** Media type of an answer that is no JSON. */
  media?: string;
  /** 200 when left out. */
  status?: 200 | 201 | 204;
  /** The body's texts may hold any character: the handler makes them storable. */
  anyText?: boolean;
  /** What is noted in the audit log; left out for what changes nothing. */
  audit?: string;
  handler(
    input: Input<Out<P, Record<string, never>>, Out<Q, Record<string, never>>, Out<B, undefined>>,
  ): Promise<R extends z.ZodType ? Loose<z.output<R>> : RawAnswer | StreamAnswer | null>;
}

/** Checks a declaration's types against each other. */
export function route<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(declared: Route<P, Q, B, R>): Route<P, Q, B, R> {
  return declared;
}

/** A route as the table's readers see it: its handler takes what its own schemas let through. */
export interface AnyRoute extends Omit<Route, 'handler'> {
  handler(input: Input<never, never, never>): Promise<unknown>;
}
