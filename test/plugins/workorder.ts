/** For the conformance suite: orders are done by a person, which `workorder.test.ts` plays. */
import type { Prepared } from './main.ts';

export const prepare = (): Promise<Prepared> =>
  Promise.resolve({ absent: 'for a person does its orders (test/plugins/workorder.test.ts plays one)' });
