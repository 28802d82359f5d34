/** Whether the clusters that the chain knows were let into the slot: no receipt promises it, the chain itself does. */
import { clusterAsks } from '../cluster-asks.ts';
import { slotEnd } from '../parameters.ts';
import { found, notChecked, noHeader, type Rule } from './finding.ts';

export const clusters: Rule = {
  rule: 'clusters',
  sentence: 'Every cluster that was formed before the close and whose cycle lasts has its ask in the slot.',
  check: ({ evidence }) => {
    const { slot, parameters, committed, stateAtClose, asks } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    if (!stateAtClose) return notChecked("the market's state at the closing block is missing");
    const have = new Set(asks.map(({ id }) => id));
    const due = clusterAsks(stateAtClose, slotEnd(slot, parameters));
    for (const [checked, { id, signed }] of due.entries())
      if (!have.has(id))
        return found(checked, `the ask ${id} of cluster ${signed.ask.supply} is not among the slot's asks`, {
          kind: 'ask',
          id,
        });
    return found(due.length);
  },
};
