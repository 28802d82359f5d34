/**
 * Writes formats.json (every shared format of ADR 0001 by example) and rea-random.json (10,000 random auctions), for Solidity and
 * TypeScript alike.
 * `node test/vectors/generate.ts` after a new ADR changed a format; a test holds the file fresh.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formats } from './formats.ts';
import { reaRandom } from './rea-random.ts';

writeFileSync(fileURLToPath(new URL('formats.json', import.meta.url)), formats());
writeFileSync(fileURLToPath(new URL('rea-random.json', import.meta.url)), reaRandom());
