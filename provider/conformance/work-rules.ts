/** The rules of docs/plugins.md about leases that run. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, type LeaseStatus } from '../plugin/protocol.ts';
import { processesMarked } from '../sandbox/process-table.ts';
import type { Rule } from './rules.ts';
import { open, refused, type Session } from './session.ts';

const promises =
  (limit: 'seconds') =>
  ({ limits }: { limits: string[] }) =>
    limits.includes(limit);

export const WORK_RULES: Rule[] = [
  {
    rule: 'runs a command: its exit code, its cards and its times are told, and that it changed',
    async test(session) {
      await session.supply();
      const lease = session.lease('exit 7', { cards: 2 });
      await session.run(lease);
      const status = await session.over(lease.id);
      if (status.state !== 'exited' || status.exitCode !== 7)
        throw new Error(`exit 7 became ${status.state} with exit code ${status.exitCode}`);
      const { startedAt = 0, endedAt = 0 } = status;
      if (startedAt === 0 || endedAt < startedAt) throw new Error(`it ran from ${startedAt} to ${endedAt}`);
      if (new Set(status.cards).size !== 2) throw new Error(`two cards became ${status.cards?.join(', ')}`);
      for (let tries = 0; !changed(session, lease.id, isOver); tries++) {
        if (tries > 200) throw new Error('no changed came for its end');
        await sleep(50);
      }
      await session.clear(lease.id);
    },
  },
  {
    rule: 'keeps the log to the byte, gives it from any offset on, and says when it is complete',
    async test(session) {
      await session.supply();
      const lease = session.lease('echo one; echo two; printf "\\377\\n"; sleep 0.5; echo last >&2');
      await session.run(lease);
      await session.over(lease.id);
      const log = await session.log(lease.id);
      if (log !== 'one\ntwo\n\xff\nlast\n') throw new Error(`it became ${JSON.stringify(log)}`);
      const { base64 } = await session.process.call('logs', { id: lease.id, offset: 4, limit: 3 });
      const part = Buffer.from(base64, 'base64').toString();
      if (part !== 'two') throw new Error(`three bytes from the fourth on are ${JSON.stringify(part)}`);
      const beyond = await session.process.call('logs', { id: lease.id, offset: 1_000, limit: 10 });
      if (beyond.base64 !== '' || !beyond.complete) throw new Error('beyond its end it goes on');
      await session.clear(lease.id);
    },
  },
  {
    rule: 'gives the command its environment',
    async test(session) {
      await session.supply();
      const env = { GREETING: 'a "quoted" $text\nof two lines', EMPTY: '' };
      const lease = session.lease('printf %s "$GREETING${EMPTY-unset}"', { env });
      await session.run(lease);
      await session.over(lease.id);
      const log = await session.log(lease.id);
      if (log !== env.GREETING) throw new Error(`it became ${JSON.stringify(log)}`);
      await session.clear(lease.id);
    },
  },
  {
    rule: 'starts a lease once, however often it is asked',
    async test(session) {
      await session.supply();
      const lease = session.lease(
        // One run tells one name eight times; two runs mix theirs, however their logs come together.
        'read name </proc/sys/kernel/random/uuid; for i in 1 2 3 4 5 6 7 8; do echo $name; sleep 0.$(od -An -N1 -tu1 /dev/urandom | tr -d " "); done',
      );
      const { call } = session.process;
      await Promise.all([call('start', { lease }), call('start', { lease }), call('start', { lease })]);
      await session.over(lease.id);
      await call('start', { lease });
      const { leases } = await call('list', {});
      if (leases.filter(({ id }) => id === lease.id).length !== 1) throw new Error('list names it twice');
      const names = (await session.log(lease.id)).trimEnd().split('\n');
      if (names.length !== 8 || new Set(names).size !== 1)
        throw new Error(`its log is of ${new Set(names).size} runs: ${names.join(', ')}`);
      await session.clear(lease.id);
    },
  },
  {
    rule: 'lists what runs and what is over until it is released, which waits for the end',
    async test(session) {
      await session.supply();
      const { call } = session.process;
      const lease = session.lease('sleep 60');
      await session.run(lease);
      const listed = async () => (await call('list', {})).leases.find(({ id }) => id === lease.id);
      if ((await listed())?.state !== 'running') throw new Error('a running lease is not listed as running');
      await refused('release of a running lease', call('release', { id: lease.id }), 'STILL_RUNNING');
      await call('stop', { id: lease.id, graceMs: 0 });
      await session.over(lease.id);
      if (!isOver((await listed())?.state ?? 'pending'))
        throw new Error('after its end it is not listed as over');
      await call('release', { id: lease.id });
      if (await listed()) throw new Error('it is still listed after release');
      await refused('status after release', call('status', { id: lease.id }), 'UNKNOWN_LEASE');
    },
  },
  {
    rule: 'stops politely: the command has its grace, and no exit code',
    async test(session) {
      await session.supply();
      const lease = session.lease('trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.1; done');
      await session.run(lease);
      await sleep(500 * session.subject.patience);
      await session.process.call('stop', { id: lease.id, graceMs: 20_000 });
      const status = await session.over(lease.id, 25_000);
      if (status.state !== 'exited' || status.exitCode !== undefined)
        throw new Error(`it is ${status.state} with exit code ${status.exitCode}`);
      const log = await session.log(lease.id);
      if (!log.includes('saved')) throw new Error('it had no time to save');
      await session.clear(lease.id);
    },
  },
  {
    rule: 'stops for good what does not listen, with its children',
    async test(session) {
      await session.supply();
      const mark = `CARDHOUR_CONFORMANCE=${randomUUID()}`;
      const lease = session.lease('trap "" TERM; sleep 100 & while :; do sleep 1; done', {
        env: envOf(mark),
      });
      await session.run(lease);
      await session.process.call('stop', { id: lease.id, graceMs: 500 });
      await session.over(lease.id, 15_000);
      await noneMarked(mark);
      await session.clear(lease.id);
    },
  },
  {
    rule: 'ends a lease after its seconds',
    applies: promises('seconds'),
    async test(session) {
      await session.supply();
      const lease = session.lease('sleep 100', { seconds: 2 });
      await session.run(lease);
      const status = await session.over(lease.id, 60_000);
      if (status.state === 'exited' && status.exitCode === 0) throw new Error('it slept to its end');
      await session.clear(lease.id);
    },
  },
  {
    rule: 'gives no card twice and never more than it has',
    async test(session) {
      const { free, count, class: name } = await session.supply();
      const { call } = session.process;
      const leases = [
        session.lease('sleep 60', { cards: free - 1 }),
        session.lease('sleep 60', { cards: 1 }),
      ];
      const statuses: LeaseStatus[] = [];
      for (const lease of leases) {
        const status = await session.run(lease);
        if (status.state !== 'running')
          throw new Error(
            `it said that ${free} of ${count} are free, and then: ${status.reason ?? status.state}`,
          );
        if (status.cards?.length !== lease.limits.cards)
          throw new Error(
            `${lease.limits.cards} cards became ${status.cards?.length ?? 'none that it names'}`,
          );
        statuses.push(status);
      }
      const cards = statuses.flatMap((status) => status.cards ?? []);
      if (new Set(cards).size !== cards.length) throw new Error('two leases hold the same card');
      const left = (await call('inventory', {})).cards.find((entry) => entry.class === name)?.free;
      if (left !== 0) throw new Error(`with all cards held it says that ${left} are free`);
      const third = session.lease('sleep 60');
      const status = await call('start', { lease: third }).catch(() => null);
      if (status && status.state !== 'pending')
        throw new Error(`one card more than there are is ${status.state}`);
      if (!status) await refused('one card more', call('start', { lease: third }), 'NO_CAPACITY');
      await sleep(1_000);
      if (status && (await call('status', { id: third.id })).state !== 'pending')
        throw new Error('a lease runs without a free card');
      await session.clear(third.id, ...leases.map(({ id }) => id));
      const after = (await session.supply()).free;
      if (after !== free) throw new Error(`after all was released ${after} of ${free} are free`);
    },
  },
  {
    rule: 'measures what it promised to measure, after the end too',
    async test(session) {
      await session.supply();
      const { usage: promised } = session.capabilities;
      const lease = session.lease('i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; sleep 1.5', {
        cards: 2,
      });
      await session.run(lease);
      const { startedAt = 0, endedAt = 0 } = await session.over(lease.id, 60_000);
      const used = await session.usage(lease.id);
      const expected = 2 * (endedAt - startedAt);
      if (promised.includes('cards') && Math.abs((used.cardMs ?? 0) - expected) > 0.2 * expected + 1_000)
        throw new Error(`two cards for ${endedAt - startedAt} ms became ${used.cardMs} card-ms`);
      if (promised.includes('cpu') && (used.cpuMs ?? 0) < 10)
        throw new Error(`a busy loop used ${used.cpuMs} ms`);
      if (promised.includes('memory') && !((used.memoryPeakBytes ?? 0) > 0))
        throw new Error('it used no memory at all');
      await session.clear(lease.id);
    },
  },
  {
    rule: 'answers while many leases start, and runs each of them once',
    async test(session) {
      const { free } = await session.supply();
      const { call } = session.process;
      const leases = Array.from({ length: Math.min(free, 8) }, () => session.lease('echo once'));
      const starts = leases.map((lease) => call('start', { lease }));
      const lists = Array.from({ length: 20 }, () => call('list', {}));
      await Promise.all([...starts, ...lists]);
      for (const { id } of leases) {
        await session.over(id, 60_000);
        if ((await session.log(id)) !== 'once\n') throw new Error('a command ran not once');
      }
      await session.clear(...leases.map(({ id }) => id));
    },
  },
  {
    rule: 'puts files where they belong',
    applies: ({ features }) => features.includes('files'),
    async test(session) {
      await session.supply();
      const base64 = Buffer.from('#!/bin/sh\necho from a file\n').toString('base64');
      const files = [{ path: 'bin/hello', base64, executable: true }];
      const lease = session.lease('bin/hello', { files });
      await session.run(lease);
      await session.over(lease.id);
      const log = await session.log(lease.id);
      if (log !== 'from a file\n') throw new Error(`the log says ${JSON.stringify(log)}`);
      await session.clear(lease.id);
    },
  },
  {
    rule: 'runs further commands in a lease',
    applies: ({ features }) => features.includes('exec'),
    async test(session) {
      await session.supply();
      const lease = session.lease('sleep 60');
      await session.run(lease);
      const command = ['sh', '-c', 'echo inside; exit 4'];
      const result = await session.process.call('exec', { id: lease.id, command, seconds: 30 });
      const out = Buffer.from(result.stdoutBase64, 'base64').toString();
      if (result.exitCode !== 4 || out !== 'inside\n')
        throw new Error(`it gave ${result.exitCode} and ${JSON.stringify(out)}`);
      await session.clear(lease.id);
    },
  },
  {
    rule: 'loses no lease and leaves none behind when it is killed',
    async test(session) {
      await session.supply();
      const mark = `CARDHOUR_CONFORMANCE=${randomUUID()}`;
      const lease = session.lease('', { command: ['sleep', '300'], env: envOf(mark) });
      await session.run(lease);
      session.process.kill('the suite killed it');
      await session.process.ended;
      if (!session.capabilities.survives) await noneMarked(mark);
      const next = await open(session.subject);
      try {
        await next.supply();
        const { leases } = await next.process.call('list', {});
        const state = leases.find(({ id }) => id === lease.id)?.state;
        if (session.capabilities.survives && state !== 'running')
          throw new Error(`it should have gone on and is ${state ?? 'unknown'}`);
        if (!session.capabilities.survives && state !== undefined && state !== 'lost')
          throw new Error(`it died with the plugin and is ${state}`);
        if (!session.capabilities.survives) {
          await next.process.call('release', { id: lease.id });
          const again = await next.run(lease);
          if (again.state !== 'running') throw new Error(`started again it is ${again.state}`);
        }
        await next.clear(lease.id);
        await noneMarked(mark);
      } finally {
        await next.end();
      }
    },
  },
];

function changed(session: Session, id: string, fits: (state: LeaseStatus['state']) => boolean): boolean {
  return session.changes.some((status) => status.id === id && fits(status.state));
}

function envOf(mark: string): Record<string, string> {
  const [name = '', value = ''] = mark.split('=');
  return { [name]: value };
}

/** Only Linux tells, and only of this machine. */
async function noneMarked(mark: string): Promise<void> {
  for (let tries = 0; processesMarked(mark).length > 0; tries++) {
    if (tries > 200) throw new Error('a process of the lease still runs');
    await sleep(50);
  }
}
