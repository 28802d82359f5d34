'use client';

import { useMutation } from '@tanstack/react-query';
import type { RuleView } from '../views.ts';
import { failureOf } from './failure.ts';
import { verifySlotHere } from './verify-slot.ts';

/** Replays the slot from its published inputs against the chain and lists the rules. */
export function Verification({ slot }: { slot: string }) {
  const verify = useMutation({
    mutationFn: () => verifySlotHere(slot),
  });
  const rules = verify.data?.rules ?? [];
  const passed = rules.filter((rule) => rule.ok).length;
  return (
    <section className="card">
      <div className="head">
        <h2>Verification</h2>
        <button
          type="button"
          className="primary"
          disabled={verify.isPending}
          onClick={() => {
            verify.mutate();
          }}
        >
          {verify.isPending ? 'Replaying…' : 'Verify'}
        </button>
      </div>
      <p className="quiet">
        Clears the auction anew in this browser, from the published inputs and the chain’s own state, and
        compares every step; the market’s server is not asked what it thinks. Outside of a browser:{' '}
        <code>npm run cardhour -- verify --slot {slot}</code>, from the same{' '}
        <a href={`/api/v1/slots/${slot}/inputs`} download>
          file of inputs
        </a>
        .
      </p>
      {verify.error !== null && (
        <p className="note bad" role="alert">
          {failureOf(verify.error).sentence} <em>{failureOf(verify.error).fix}</em>
        </p>
      )}
      {verify.data !== undefined && (
        <>
          <p className={`note ${verify.data.ok ? 'good' : 'bad'}`} role="status" data-testid="verdict">
            {passed} of {rules.length} rules hold.
          </p>
          <ul className="rules">
            {rules.map((rule) => (
              <li key={rule.rule} data-testid="rule">
                <Mark rule={rule} />
                <div>
                  {rule.sentence}
                  <span className="quiet">
                    {' '}
                    {rule.firstDifference ??
                      `${rule.checked} ${rule.checked === 1 ? 'fact' : 'facts'} compared`}
                  </span>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Mark({ rule }: { rule: RuleView }) {
  if (rule.ok) return <span className="tag good">PASS</span>;
  const skipped = rule.firstDifference?.startsWith('not checked') === true;
  return <span className={`tag ${skipped ? 'wait' : 'bad'}`}>{skipped ? 'OPEN' : 'FAIL'}</span>;
}
