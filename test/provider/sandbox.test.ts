import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { LOG_LIMIT_BYTES, TRUNCATION_LINE } from '../../provider/sandbox/bounded-log.ts';
import { createSandbox, endLeftover, newMark, type Sandbox } from '../../provider/sandbox/process.ts';
import { processesMarked, startMark } from '../../provider/sandbox/process-table.ts';

const BWRAP = '/usr/bin/bwrap';
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const auto = await open(BWRAP);
const modes = auto.kind === 'bubblewrap' ? (['bubblewrap', 'plain'] as const) : (['plain'] as const);

describe.each(modes)('a lease in the %s sandbox', (kind) => {
  it('keeps stdout and stderr in the log and gives the exit code', async () => {
    const { job, log } = await setup(kind, 'echo out; echo err >&2; exit 7');
    expect(await job.exited).toBe(7);
    expect(log()).toContain('out\n');
    expect(log()).toContain('err\n');
  });

  it('gives 127 for a program that is not there', async () => {
    const { job } = await setup(kind, ['no-such-program']);
    expect(await job.exited).toBe(127);
  });

  it('tells the command its lease and nothing of the agent', async () => {
    process.env.AGENT_SECRET = 'hidden';
    const { job, log } = await setup(kind, 'env');
    await job.exited;
    delete process.env.AGENT_SECRET;
    expect(log()).toContain('CARDHOUR_LEASE_ID=7\n');
    expect(log()).not.toContain('AGENT_SECRET');
  });

  it('stops politely first: a trap has time to finish', async () => {
    const { job, log } = await setup(
      kind,
      'trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await until(() => log().includes('ready'));
    await job.stop(5000);
    expect(log()).toContain('saved\n');
  });

  it('stops what ignores SIGTERM, with all of its children', async () => {
    const { job, log } = await setup(
      kind,
      'trap "" TERM; (sleep 300 & sleep 300) & echo ready; while :; do sleep 1; done',
    );
    await until(() => log().includes('ready'));
    await job.stop(300);
    expect(processesMarked(job.record.mark)).toEqual([]);
    expect(startMark(job.record.pid)).toBeNull();
  });

  it('leaves no process when the command exits before its background children', async () => {
    const { job } = await setup(kind, 'setsid sleep 300 & sleep 300 & exit 0');
    expect(await job.exited).toBe(0);
    await until(() => processesMarked(job.record.mark).length === 0);
  });

  it('bounds the log, says so, and lets the command go on', async () => {
    const { job, log } = await setup(kind, 'head -c 3000000 /dev/zero | tr "\\0" x; exit 3');
    expect(await job.exited).toBe(3);
    expect(log().length).toBe(LOG_LIMIT_BYTES + TRUNCATION_LINE.length);
    expect(log().endsWith(TRUNCATION_LINE)).toBe(true);
  });

  it('ends with the agent when the agent is killed', async () => {
    const { agent, record } = await setupAgent(kind);
    expect(startMark(record.pid)).toBe(record.startedAt);
    agent.kill('SIGKILL');
    await until(() => startMark(record.pid) === null && processesMarked(record.mark).length === 0);
  });

  it('ends what a killed agent left', async () => {
    const { job } = await setup(kind, 'trap "" TERM; setsid sleep 300 & while :; do sleep 1; done');
    await sleep(100);
    await endLeftover(job.record);
    expect(processesMarked(job.record.mark)).toEqual([]);
    expect(startMark(job.record.pid)).toBeNull();
  });

  it('does not touch another process that got the same pid', async () => {
    const { job } = await setup(kind, 'sleep 300');
    await endLeftover({ ...job.record, startedAt: 'earlier', mark: 'CARDHOUR_RUN=other' });
    expect(startMark(job.record.pid)).toBe(job.record.startedAt);
    await job.stop(300);
  });
});

describe.runIf(auto.kind === 'bubblewrap')('bubblewrap', () => {
  it('shows neither the host nor its network, and writes nowhere but to its own folders', async () => {
    const { job, log, folder } = await setup(
      'bubblewrap',
      'ls /; ls /proc | grep -c "^[0-9]"; cat /etc/passwd; touch /usr/x; echo kept > note; cat /proc/net/dev; id -u',
    );
    await job.exited;
    expect(log()).not.toMatch(/^(root|home|var|etc\/passwd)$/m);
    expect(log()).toMatch(/cat: \/etc\/passwd: No such file/);
    expect(log()).toMatch(/Read-only file system/);
    expect(log()).not.toMatch(/eth0/);
    expect(readFileSync(join(folder, 'work', 'note'), 'utf8')).toBe('kept\n');
  });
});

describe('the choice of the sandbox', () => {
  it('is plain where bwrap is missing', async () => {
    expect((await open('/nowhere/bwrap')).kind).toBe('plain');
  });

  it('is refused where bubblewrap is demanded and missing', async () => {
    expect(
      await createSandbox({ mode: 'bubblewrap', bubblewrapPath: '/nowhere/bwrap', scratchFolder: tmpdir() }),
    ).toBeNull();
  });
});

async function open(bubblewrapPath: string): Promise<Sandbox> {
  const sandbox = await createSandbox({ mode: 'auto', bubblewrapPath, scratchFolder: tmpdir() });
  if (!sandbox) throw new Error('auto always gives a sandbox');
  return sandbox;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-sandbox-'));
  folders.push(folder);
  mkdirSync(join(folder, 'work'));
  return folder;
}

async function setup(kind: Sandbox['kind'], script: string | string[]) {
  const folder = newFolder();
  const logPath = join(folder, 'log');
  const sandbox = await open(kind === 'plain' ? '/nowhere/bwrap' : BWRAP);
  const job = await sandbox.start({
    name: 'lease-7',
    command: typeof script === 'string' ? ['sh', '-c', script] : script,
    env: { CARDHOUR_LEASE_ID: '7' },
    workFolder: join(folder, 'work'),
    logPath,
    mark: newMark(),
  });
  return { job, folder, log: () => readFileSync(logPath, 'utf8') };
}

/** An agent in a process of its own, which starts a stubborn lease and says where. */
async function setupAgent(kind: Sandbox['kind']) {
  const folder = newFolder();
  const script = `
    const { createSandbox, newMark } = await import(${JSON.stringify(join(import.meta.dirname, '../../provider/sandbox/process.ts'))});
    const sandbox = await createSandbox({ mode: 'auto', bubblewrapPath: '${kind === 'plain' ? '/nowhere' : BWRAP}', scratchFolder: '${folder}' });
    const job = await sandbox.start({ name: 'lease-7', command: ['sh', '-c', 'trap "" TERM; sleep 300 & setsid sleep 300 & while :; do sleep 1; done'],
      env: {}, workFolder: '${folder}/work', logPath: '${folder}/log', mark: newMark() });
    console.log(JSON.stringify(job.record));
    setInterval(() => {}, 1000);`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  agent.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await until(() => text.includes('\n'));
  await until(() => existsSync(join(folder, 'log')));
  return { agent, record: JSON.parse(text) as { pid: number; startedAt: string; mark: string } };
}

async function until(condition: () => boolean, seconds = 10): Promise<void> {
  for (let tries = 0; tries < seconds * 20; tries++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error('it did not happen in time');
}
