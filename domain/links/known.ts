/** Links that the project ships: between the regions of the demo, as far as somebody measured them. A fuller table is loaded from files. */
import type { LinkRow } from './table.ts';

/** Skyplane's figures for Dublin and Northern Virginia (its files and commits: domain/links/skyplane.ts); nobody measured mainland China. */
const SOURCE = 'skyplane profiles: aws:eu-west-1 and aws:us-east-1, premium, 2022';

export const KNOWN_LINKS: readonly LinkRow[] = [
  {
    from: 'eu-west',
    to: 'us-east',
    rttMicros: 84_933,
    mbps: 4_311,
    pricePerGigabyte: 20_000n,
    source: SOURCE,
  },
  {
    from: 'us-east',
    to: 'eu-west',
    rttMicros: 84_933,
    mbps: 4_318,
    pricePerGigabyte: 20_000n,
    source: SOURCE,
  },
];
