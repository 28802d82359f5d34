/**
 * The plugin protocol, version 1: JSON-RPC 2.0 over a plugin's standard input and output, one message a line. This file
 * is the protocol; docs/plugins.md explains it. Times are unix milliseconds, sizes bytes, counts whole numbers.
 */
import {
  anyObject,
  flag,
  listOf,
  mapOf,
  oneOf,
  record,
  text,
  whole,
  type Shape,
  type Shaped,
} from './shape.ts';

/** What this agent speaks, newest first. */
export const PROTOCOL_VERSIONS = ['1'] as const;

/** Bytes of one line in either direction, its end included. */
export const MAX_LINE_BYTES = 1_048_576;
/** Bytes of log that one answer may carry, before base64. */
export const MAX_LOG_BYTES = 262_144;
/** Notifications of a plugin a second, on average, and at once. */
export const NOTIFICATIONS = { perSecond: 200, burst: 1_000 } as const;
/** A plugin that says nothing at all for so long is taken for dead. */
export const SILENCE_MS = 15_000;
/** How often a plugin sends `heartbeat`. */
export const HEARTBEAT_MS = 3_000;

/** Name of a lease among plugins: fits a Kubernetes label, a Slurm job's name, a container's and a folder's. */
export const LEASE_ID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const leaseId = text(63, LEASE_ID, 'a lease id: 1 to 63 of a-z, 0-9 and -');
const name = text(64, /^[a-z0-9][a-z0-9.-]*$/, 'a name of a-z, 0-9, . and -');
const sentence = text(2_000);
const none = record({});

export const MANIFEST = record(
  {
    name,
    version: text(32, /^\d+\.\d+\.\d+/, 'a version like 1.0.0'),
    /** Protocol versions that the plugin speaks. */
    protocol: listOf(text(8), 8, 1),
    /** Program and arguments, run in the manifest's folder; the program `node` is the Node that runs the agent. */
    command: listOf(text(4_096), 64, 1),
  },
  {
    description: sentence,
    /** JSON Schema of `settings`: type, properties, required, enum, default and description are understood. */
    settings: anyObject,
    /** Names of the agent's environment variables that the plugin gets besides PATH, HOME, LANG and TMPDIR. */
    environment: listOf(text(64, /^[A-Z_][A-Z0-9_]*$/, 'the name of a variable'), 32),
  },
);

export const LIMITS = ['cards', 'cores', 'memory', 'disk', 'processes', 'seconds'] as const;
export const MEASURES = ['cards', 'cpu', 'memory', 'disk', 'network'] as const;
export const FEATURES = ['provision', 'exec', 'files', 'network', 'images'] as const;

export const CAPABILITIES = record({
  /** What keeps a lease from the host and from other leases, e.g. `bubblewrap`, `plain`, `container`. */
  isolation: text(32, /^[a-z0-9-]+$/, 'a word'),
  workloads: listOf(oneOf('command', 'image'), 2, 1),
  /** Leases go on when the plugin's process ends, and a new one finds them by `list`. Such a plugin enforces `seconds`. */
  survives: flag,
  /** Which limits are enforced. */
  limits: listOf(oneOf(...LIMITS), 6),
  /** What `usage` measures. */
  usage: listOf(oneOf(...MEASURES), 5),
  features: listOf(oneOf(...FEATURES), 5),
});

/** A lease as a plugin is to run it. */
export const LEASE = record(
  {
    id: leaseId,
    /** On-chain: the node's id, its class, and how many cards it sells in all. */
    node: record({ id: text(128), class: text(64), cards: whole(0, 1_000_000) }),
    /** Program and arguments; empty with an image: the image's own. */
    command: listOf(text(65_536), 256),
    env: mapOf(text(65_536), 1_024, /^[A-Za-z_][A-Za-z0-9_]*$/),
    limits: record(
      {
        cards: whole(0, 1_000_000),
        /** From the start; the lease's end on-chain. */
        seconds: whole(1),
      },
      {
        cores: whole(1, 1_000_000),
        memoryBytes: whole(1),
        diskBytes: whole(1),
        processes: whole(1),
      },
    ),
  },
  {
    image: text(512),
    /** Put into the working folder before the start, `/` between folders, no `..`; together at most 512 KiB. */
    files: listOf(
      record(
        {
          path: text(1_024, /^(?!\/)(?!.*(^|\/)\.\.?(\/|$)).+$/, 'a relative path'),
          base64: base64(524_288),
        },
        { executable: flag },
      ),
      256,
    ),
    /** Whether the workload may use the network; no, unless asked for. */
    network: flag,
  },
);

/**
 * pending: accepted, does not run yet (queued, pulled, a person is at it). running. stopping: told to end. exited: it
 * ended by itself (`exitCode`) or was stopped (none). failed: it could not be started or its platform broke it
 * (`reason`). lost: it was started, and the plugin can't tell what became of it; nothing of it runs any more.
 */
export const LEASE_STATES = ['pending', 'running', 'stopping', 'exited', 'failed', 'lost'] as const;

export const STATUS = record(
  { id: leaseId, state: oneOf(...LEASE_STATES) },
  {
    /** 0 to 255; 128 and the signal's number when a signal ended it. */
    exitCode: whole(0, 255),
    reason: sentence,
    /** The cards that it holds, by names that are the pool's own; as many as its limit once it runs. */
    cards: listOf(text(128), 100_000),
    startedAt: whole(),
    endedAt: whole(),
    /** How the consumer reaches it, where it is more than a log. */
    access: text(4_096),
  },
);

export const INVENTORY = record(
  {
    /** By class; `free` are those that no lease holds. */
    cards: listOf(
      record(
        { class: text(64), count: whole(0, 1_000_000), free: whole(0, 1_000_000) },
        { model: text(128), memoryBytes: whole() },
      ),
      1_024,
    ),
  },
  {
    cores: whole(),
    memoryBytes: whole(),
    disks: listOf(record({ path: text(4_096), bytes: whole(), freeBytes: whole() }), 256),
    /** What the operator should know, a sentence each. */
    notes: listOf(sentence, 32),
  },
);

/** Totals since the lease's start; what is not measured is left out. */
export const USAGE = record(
  {},
  {
    /** Cards times the milliseconds that they were held. */
    cardMs: whole(),
    cpuMs: whole(),
    /** Memory integrated over time, in MiB-seconds. */
    memoryMibSeconds: whole(),
    memoryPeakBytes: whole(),
    diskBytes: whole(),
    networkInBytes: whole(),
    networkOutBytes: whole(),
  },
);

export const LOGS = record({
  /** Bytes of the output from the asked offset on; fewer than the limit when there are no more yet. */
  base64: base64(MAX_LOG_BYTES),
  /** Nothing will be added any more. */
  complete: flag,
});

export const HEALTH = record(
  { ok: flag },
  {
    notes: listOf(sentence, 32),
    /** Cards that are known to be broken. */
    brokenCards: listOf(text(128), 1_024),
  },
);

const target = record({ id: leaseId });

/** Parameters and result of every request that the agent may send. */
export const METHODS = {
  initialize: {
    params: record({
      protocols: listOf(text(8), 8, 1),
      agent: text(64),
      /** Name of the pool that this process serves. */
      pool: name,
      settings: anyObject,
      /** An existing folder of the plugin's own; it survives restarts. */
      folder: text(4_096),
    }),
    result: record({ protocol: text(8), name, version: text(32), capabilities: CAPABILITIES }),
  },
  inventory: { params: none, result: INVENTORY },
  provision: { params: record({ lease: LEASE }), result: STATUS },
  start: { params: record({ lease: LEASE }), result: STATUS },
  stop: { params: record({ id: leaseId, graceMs: whole(0, 600_000) }), result: STATUS },
  status: { params: target, result: STATUS },
  list: {
    params: record({}, { after: leaseId }),
    result: record({ leases: listOf(STATUS, 2_000) }, { next: leaseId }),
  },
  logs: { params: record({ id: leaseId, offset: whole(), limit: whole(1, MAX_LOG_BYTES) }), result: LOGS },
  usage: { params: target, result: USAGE },
  release: { params: target, result: none },
  health: { params: none, result: HEALTH },
  exec: {
    params: record({ id: leaseId, command: listOf(text(65_536), 256, 1), seconds: whole(1, 600) }),
    result: record({ exitCode: whole(0, 255), stdoutBase64: base64(262_144), stderrBase64: base64(262_144) }),
  },
  shutdown: { params: none, result: none },
} as const satisfies Record<string, { params: Shape<unknown>; result: Shape<unknown> }>;

/** What a plugin sends unasked. */
export const NOTIFICATION_PARAMS = {
  heartbeat: none,
  /** A lease's status changed. */
  changed: STATUS,
} as const satisfies Record<string, Shape<unknown>>;

/** JSON-RPC's own codes, and ours. The retryable ones may succeed later without a change. */
export const ERRORS = {
  PARSE: { code: -32700, retryable: false },
  INVALID_REQUEST: { code: -32600, retryable: false },
  UNKNOWN_METHOD: { code: -32601, retryable: false },
  BAD_PARAMS: { code: -32602, retryable: false },
  INTERNAL: { code: -32603, retryable: true },
  /** None of the offered protocol versions is spoken. */
  VERSION: { code: -32001, retryable: false },
  /** The settings can't be used; the message says which one and why. */
  BAD_SETTINGS: { code: -32002, retryable: false },
  /** The platform behind the plugin does not answer. */
  NOT_READY: { code: -32003, retryable: true },
  /** No room for the lease now. */
  NO_CAPACITY: { code: -32004, retryable: true },
  UNKNOWN_LEASE: { code: -32005, retryable: false },
  /** `release` of a lease that is not over. */
  STILL_RUNNING: { code: -32006, retryable: true },
  /** This lease can never run here: no such image, a limit that can't be met, an unsupported wish. */
  REFUSED: { code: -32007, retryable: false },
} as const;

export type ErrorName = keyof typeof ERRORS;
export type Method = keyof typeof METHODS;
export type Params<M extends Method> = Shaped<(typeof METHODS)[M]['params']>;
export type Result<M extends Method> = Shaped<(typeof METHODS)[M]['result']>;
export type Manifest = Shaped<typeof MANIFEST>;
export type Capabilities = Shaped<typeof CAPABILITIES>;
export type PluginLease = Shaped<typeof LEASE>;
export type LeaseStatus = Shaped<typeof STATUS>;
export type PluginLeaseState = LeaseStatus['state'];
export type Inventory = Shaped<typeof INVENTORY>;
export type Usage = Shaped<typeof USAGE>;
export type Health = Shaped<typeof HEALTH>;

/** Whether nothing of the lease runs or will run. */
export function isOver(state: PluginLeaseState): boolean {
  return state === 'exited' || state === 'failed' || state === 'lost';
}

/** At most so many bytes as base64 text. */
function base64(maxBytes: number): Shape<string> {
  const length = Math.ceil(maxBytes / 3) * 4;
  return text(length, /^[A-Za-z0-9+/]*={0,2}$/, `base64 of at most ${maxBytes} bytes`);
}
