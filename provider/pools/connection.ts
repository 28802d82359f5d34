/** The agent's end of the pipe to one plugin process: calls with deadlines, and a judgement on what comes back. */
import type { Readable, Writable } from 'node:stream';
import { errorOf, PluginError } from '../plugin/errors.ts';
import { readLines } from '../plugin/lines.ts';
import {
  METHODS,
  NOTIFICATION_PARAMS,
  NOTIFICATIONS,
  SILENCE_MS,
  MAX_LINE_BYTES,
  type LeaseStatus,
  type Method,
  type Params,
  type Result,
} from '../plugin/protocol.ts';
import { check, type Shape } from '../plugin/shape.ts';

export interface Connection {
  /** @throws PluginError; NOT_READY when the plugin is gone or too slow */
  call<M extends Method>(method: M, params: Params<M>, deadlineMs?: number): Promise<Result<M>>;
  /** Everything under way fails; nothing more is read. */
  close(why: string): void;
}

export interface ConnectionOptions {
  input: Writable;
  output: Readable;
  onChanged: (status: LeaseStatus) => void;
  /** Called once: the plugin broke a rule so that it can't go on. */
  onBroken: (why: string) => void;
  /** Longest silence; the protocol's unless a test is in a hurry. */
  silenceMs?: number;
  /** For a call's answer, unless the caller says another. */
  callMs?: number;
}

const DEADLINE_MS = 30_000;
/** Messages that can't be read, within a minute, and calls without an answer in a row, that are too many. */
const GARBAGE = 5;
const GARBAGE_WINDOW_MS = 60_000;
const TIMEOUTS = 3;

interface Waiting {
  method: Method;
  resolve(value: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export function connect(options: ConnectionOptions): Connection {
  const { input, output, onChanged } = options;
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const waiting = new Map<number, Waiting>();
  /** Ids whose deadline passed: their answer comes late and counts for nothing. */
  const late = new Set<number>();
  let next = 1;
  let closed: string | null = null;
  let heardAt = performance.now();
  let timeouts = 0;
  let garbage: number[] = [];
  let tokens: number = NOTIFICATIONS.burst;
  let refilledAt = performance.now();

  const close = (why: string) => {
    if (closed !== null) return;
    closed = why;
    clearInterval(silence);
    output.destroy();
    for (const { timer, reject } of waiting.values()) {
      clearTimeout(timer);
      reject(new PluginError('NOT_READY', why));
    }
    waiting.clear();
  };
  const broken = (why: string) => {
    if (closed !== null) return;
    close(why);
    options.onBroken(why);
  };
  const silence = setInterval(() => {
    if (performance.now() - heardAt > silenceMs) broken(`it said nothing for ${silenceMs / 1000} s`);
  }, silenceMs / 4);

  const isGarbage = (what: string) => {
    const now = performance.now();
    garbage = [...garbage.filter((at) => now - at < GARBAGE_WINDOW_MS), now];
    if (garbage.length >= GARBAGE) broken(`it sent ${garbage.length} messages that can't be read; ${what}`);
  };

  const answered = (id: number, message: Record<string, unknown>) => {
    const call = waiting.get(id);
    if (!call) return late.delete(id) ? undefined : isGarbage(`an answer to ${id}, which nobody asked`);
    waiting.delete(id);
    clearTimeout(call.timer);
    timeouts = 0;
    try {
      const { error, result } = message as {
        error?: { code?: unknown; message?: unknown };
        result?: unknown;
      };
      if (error) return call.reject(errorOf(Number(error.code), textOf(error.message).slice(0, 2_000)));
      const shape: Shape<unknown> = METHODS[call.method].result;
      call.resolve(check(shape, result, call.method));
    } catch (error) {
      isGarbage((error as Error).message);
      call.reject(new PluginError('INTERNAL', `The plugin's answer is wrong: ${(error as Error).message}.`));
    }
  };

  const notified = (message: Record<string, unknown>) => {
    const now = performance.now();
    tokens = Math.min(NOTIFICATIONS.burst, tokens + ((now - refilledAt) / 1000) * NOTIFICATIONS.perSecond);
    refilledAt = now;
    tokens -= 1;
    if (tokens < 0) return broken(`it sends more than ${NOTIFICATIONS.perSecond} notifications a second`);
    if (message['method'] !== 'changed') return;
    try {
      onChanged(check(NOTIFICATION_PARAMS.changed, message['params'], 'changed'));
    } catch (error) {
      isGarbage((error as Error).message);
    }
  };

  readLines(
    output,
    (line) => {
      if (closed !== null) return;
      heardAt = performance.now();
      const message = parse(line);
      if (message === null) return isGarbage(`a line that is no JSON object`);
      if (typeof message['id'] === 'number' && !('method' in message)) answered(message['id'], message);
      else if (typeof message['method'] === 'string') notified(message);
      // An error without an id: it could not read us, and whoever waits learns of it by the deadline.
      else isGarbage('a message that is neither answer nor notification');
    },
    () => broken(`it sent a line of more than ${MAX_LINE_BYTES} bytes`),
  );
  input.on('error', () => undefined);
  output.on('error', () => undefined);

  return {
    call(method, params, deadlineMs = options.callMs ?? DEADLINE_MS) {
      if (closed !== null) return Promise.reject(new PluginError('NOT_READY', closed));
      const id = next++;
      const line = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      if (line.length >= MAX_LINE_BYTES / 2 && Buffer.byteLength(line) >= MAX_LINE_BYTES)
        return Promise.reject(new PluginError('REFUSED', 'The lease is too large for one message.'));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id);
          late.add(id);
          timeouts += 1;
          reject(new PluginError('NOT_READY', `${method} was not answered within ${deadlineMs} ms.`));
          if (timeouts >= TIMEOUTS) broken(`it left ${TIMEOUTS} calls in a row without an answer`);
        }, deadlineMs);
        waiting.set(id, { method, timer, reject, resolve: resolve });
        input.write(`${line}\n`);
      });
    },
    close,
  };
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
