/** The plugin's side of the protocol: hand `serve` the methods, and it does pipes, checks, errors and heartbeats. */
import { readLines } from './lines.ts';
import { PluginError } from './errors.ts';
import {
  HEARTBEAT_MS,
  METHODS,
  PROTOCOL_VERSIONS,
  type Capabilities,
  type LeaseStatus,
  type Method,
  type Params,
  type Result,
} from './protocol.ts';
import { check, ShapeError } from './shape.ts';

type Handler<M extends Method> = (params: Params<M>) => Promise<Result<M>>;
type Optional = 'provision' | 'exec' | 'health';

/** Every method may throw a `PluginError`; anything else that is thrown becomes an INTERNAL error, and a line of stderr. */
export type PluginMethods = {
  /** Called once, first. @throws PluginError BAD_SETTINGS, NOT_READY */
  initialize(params: Params<'initialize'>): Promise<Capabilities>;
  /** The process is about to end: the agent asked for it, or is gone. */
  shutdown(): Promise<void>;
} & { [M in Exclude<Method, Optional | 'initialize' | 'shutdown'>]: Handler<M> } & {
  [M in Optional]?: Handler<M>;
};

export interface PluginOutput {
  /** Tells the agent that a lease's status changed. */
  changed(status: LeaseStatus): void;
}

/** @param make gets the way out and gives the methods */
export function serve(
  self: { name: string; version: string },
  make: (output: PluginOutput) => PluginMethods,
): void {
  // Standard output is the protocol's: what anything prints goes to the agent's log instead.
  for (const level of ['log', 'info', 'debug'] as const) console[level] = console.error;
  const send = (message: object) =>
    void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const methods = make({ changed: (status) => send({ method: 'changed', params: status }) });
  /** Under way or done; what comes meanwhile waits for it. */
  let beginning: Promise<Capabilities> | null = null;
  let ending = false;

  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    await methods.shutdown().catch((error: unknown) => console.error(error));
  };

  const call = async (method: string, raw: unknown): Promise<unknown> => {
    if (!Object.hasOwn(METHODS, method))
      throw new PluginError('UNKNOWN_METHOD', `There is no method ${method}.`);
    const known = method as Method;
    const params = check(METHODS[known].params, raw ?? {}, 'params');
    if (known === 'initialize') {
      const offered = params as Params<'initialize'>;
      const protocol = PROTOCOL_VERSIONS.find((version) => offered.protocols.includes(version));
      if (protocol === undefined)
        throw new PluginError('VERSION', `This plugin speaks protocol ${PROTOCOL_VERSIONS.join(', ')}.`);
      beginning ??= methods.initialize(offered);
      const capabilities = await beginning;
      return { protocol, ...self, capabilities };
    }
    if (known === 'shutdown') {
      await end();
      return {};
    }
    if (!beginning) throw new PluginError('INVALID_REQUEST', 'initialize comes first.');
    await beginning;
    const handler = methods[known] as ((params: unknown) => Promise<unknown>) | undefined;
    if (!handler && known === 'health') return { ok: true };
    if (!handler) throw new PluginError('UNKNOWN_METHOD', `This plugin has no ${method}.`);
    return handler(params);
  };

  const answer = async (line: string): Promise<void> => {
    let id: unknown = null;
    try {
      const request = parse(line);
      id = request.id ?? null;
      const result = await call(request.method, request.params);
      // A notification gets no answer.
      if (request.id !== undefined) send({ id, result });
      if (request.method === 'shutdown') process.exit(0);
    } catch (error) {
      const known =
        error instanceof PluginError
          ? error
          : error instanceof ShapeError
            ? new PluginError('BAD_PARAMS', error.message)
            : new PluginError('INTERNAL', (error as Error).message);
      if (known.kind === 'INTERNAL') console.error(error);
      send({ id, error: { code: known.code, message: known.message } });
    }
  };

  readLines(
    process.stdin,
    (line) => void answer(line),
    () => process.exit(1),
  );
  // The agent is gone, however it went.
  const gone = () => void end().finally(() => process.exit(0));
  process.stdin.on('end', gone);
  process.stdin.on('error', gone);
  process.stdout.on('error', gone);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, gone);
  setInterval(() => send({ method: 'heartbeat', params: {} }), HEARTBEAT_MS);
}

function parse(line: string): { id?: string | number; method: string; params?: unknown } {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    throw new PluginError('PARSE', 'The line is no JSON.');
  }
  const { method } = (request ?? {}) as { method?: unknown };
  if (typeof method !== 'string') throw new PluginError('INVALID_REQUEST', 'The message has no method.');
  return request as { id?: string | number; method: string };
}
