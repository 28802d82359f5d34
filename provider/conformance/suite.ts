/** Tries every rule of docs/plugins.md on one plugin. */
import { IDLE_RULES, type Rule } from './rules.ts';
import { open, type Session, type Subject } from './session.ts';
import { WORK_RULES } from './work-rules.ts';

export interface Verdict {
  rule: string;
  /** skipped: the plugin does not promise it. */
  outcome: 'kept' | 'broken' | 'skipped';
  why?: string;
}

/** Longest that one rule may take, times the patience. */
const RULE_MS = 180_000;

/**
 * @param onVerdict hears of each rule as soon as it is tried
 * @param only rules whose words match
 */
export async function judge(
  subject: Subject,
  onVerdict: (verdict: Verdict) => void,
  only = /./,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const rules = subject.byHand ? IDLE_RULES : [...IDLE_RULES, ...WORK_RULES];
  for (const rule of rules.filter(({ rule }) => only.test(rule))) {
    const verdict = await tryRule(rule, subject);
    verdicts.push(verdict);
    onVerdict(verdict);
    // Without an answer to initialize nothing else can be asked.
    if (rule === rules[0] && verdict.outcome === 'broken') break;
  }
  return verdicts;
}

async function tryRule({ rule, applies, alone, test }: Rule, subject: Subject): Promise<Verdict> {
  let session: Session | null = null;
  try {
    await inTime(alone?.(subject), subject);
    if (!test) return { rule, outcome: 'kept' };
    session = await open(subject);
    if (applies && !applies(session.capabilities)) return { rule, outcome: 'skipped' };
    // A process that dies fails the calls that wait for it, so the test itself tells.
    await inTime(test(session), subject);
    return { rule, outcome: 'kept' };
  } catch (error) {
    return { rule, outcome: 'broken', why: (error as Error).message };
  } finally {
    await session?.end();
  }
}

async function inTime<T>(work: Promise<T> | undefined, { patience }: Subject): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it took too long')), RULE_MS * patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
