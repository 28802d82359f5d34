/** The rules of docs/plugins.md that need no running work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRORS, type Capabilities } from '../plugin/protocol.ts';
import { exchange, refused, type Session, type Subject } from './session.ts';

export interface Rule {
  /** What a plugin that keeps it does. */
  rule: string;
  /** Whether the plugin promised what the rule tests; always, when it is missing. */
  applies?: (capabilities: Capabilities) => boolean;
  /** It starts processes of its own and gets no session. */
  alone?: (subject: Subject) => Promise<void>;
  /** @throws Error that says how the rule was broken */
  test?: (session: Session) => Promise<void>;
}

const hello = (subject: Subject, protocols: string[]) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocols,
      agent: 'conformance',
      pool: 'conformance',
      settings: subject.settings,
      folder: subject.folder,
    },
  });
const answerTo = (id: number) => (answers: Record<string, unknown>[]) =>
  answers.some((message) => message['id'] === id && ('result' in message || 'error' in message));
const codeOf = (answers: Record<string, unknown>[], id: number) =>
  (answers.find((message) => message['id'] === id)?.['error'] as { code?: number } | undefined)?.code;

export const IDLE_RULES: Rule[] = [
  {
    rule: 'answers initialize, and says nothing but protocol messages on standard output',
    async alone(subject) {
      const answers = await exchange(subject, [hello(subject, ['1'])], answerTo(1), 10_000);
      if (!answerTo(1)(answers)) throw new Error('initialize was not answered in 10 s');
      const error = answers.find((message) => message['id'] === 1)?.['error'] as
        { message?: string } | undefined;
      if (error) throw new Error(`initialize failed: ${error.message}`);
      const odd = answers.find((message) => 'garbage' in message);
      if (odd) throw new Error(`it printed ${String(odd['garbage'])}`);
    },
  },
  {
    rule: 'chooses among the versions that are offered, and refuses when it speaks none of them',
    async alone(subject) {
      const chosen = await exchange(subject, [hello(subject, ['99', '1'])], answerTo(1), 10_000);
      const result = chosen.find((message) => message['id'] === 1)?.['result'] as
        { protocol?: string } | undefined;
      if (result?.protocol !== '1') throw new Error('offered 99 and 1, it did not choose 1');
      const none = await exchange(subject, [hello(subject, ['99'])], answerTo(1), 10_000);
      if (codeOf(none, 1) !== ERRORS.VERSION.code)
        throw new Error(`offered 99 alone, it did not answer ${ERRORS.VERSION.code}`);
    },
  },
  {
    rule: 'goes on after a line that is no JSON, and answers it with a parse error or not at all',
    async alone(subject) {
      const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'list', params: {} });
      const lines = [hello(subject, ['1']), '{"jsonrpc": "2.0", "id": ', '\u0000\u0001', list];
      const answers = await exchange(subject, lines, answerTo(2), 10_000);
      if (!answerTo(2)(answers) || codeOf(answers, 2) !== undefined)
        throw new Error('a request after two broken lines was not answered');
    },
  },
  {
    rule: 'answers unknown methods and missing parameters with their errors',
    async test({ process }) {
      const call = process.call as (method: string, params: object) => Promise<unknown>;
      await refused('an unknown method', call('dance', {}), 'UNKNOWN_METHOD');
      await refused('start without a lease', call('start', {}), 'BAD_PARAMS');
      await refused('status without an id', call('status', {}), 'BAD_PARAMS');
    },
  },
  {
    rule: 'sends a heartbeat at least every 15 s',
    async alone(subject) {
      const beats = (answers: Record<string, unknown>[]) =>
        answers.filter(({ method }) => method === 'heartbeat').length >= 1;
      if (!beats(await exchange(subject, [hello(subject, ['1'])], beats, 15_000)))
        throw new Error('none came');
    },
  },
  {
    rule: 'tells an inventory in which no more cards are free than there are',
    async test({ process }) {
      const { cards } = await process.call('inventory', {});
      for (const { class: name, count, free } of cards)
        if (free > count) throw new Error(`of ${count} ${name} ${free} are free`);
      const names = cards.map((entry) => entry.class);
      if (new Set(names).size !== names.length) throw new Error('a class is named twice');
    },
  },
  {
    rule: 'does not know leases that nobody started',
    async test({ process: { call } }) {
      const id = 'nobody-started-this';
      await refused('status', call('status', { id }), 'UNKNOWN_LEASE');
      await refused('stop', call('stop', { id, graceMs: 0 }), 'UNKNOWN_LEASE');
      await refused('logs', call('logs', { id, offset: 0, limit: 10 }), 'UNKNOWN_LEASE');
      await refused('usage', call('usage', { id }), 'UNKNOWN_LEASE');
      await call('release', { id });
      const { leases } = await call('list', {});
      if (leases.some((status) => status.id === id)) throw new Error('list names it');
    },
  },
  {
    rule: 'answers 500 requests at once',
    async test({ process, subject }) {
      const all = Promise.all(Array.from({ length: 500 }, () => process.call('list', {})));
      const late = sleep(10_000 * subject.patience, 'late');
      if ((await Promise.race([all, late])) === 'late') throw new Error('it took more than 10 s');
    },
  },
  {
    rule: 'ends within 10 s when its input ends',
    async test({ process, subject }) {
      // `shutdown` would be the polite way; an agent that was killed has no time for it.
      process.endInput();
      const late = sleep(10_000 * subject.patience, 'late');
      if ((await Promise.race([process.ended, late])) === 'late') throw new Error('it goes on');
    },
  },
  {
    rule: 'ends within 10 s after shutdown',
    async test({ process, subject }) {
      await process.call('shutdown', {}, 10_000 * subject.patience);
      const late = sleep(10_000 * subject.patience, 'late');
      if ((await Promise.race([process.ended, late])) === 'late') throw new Error('it goes on');
    },
  },
];
