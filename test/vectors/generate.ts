/**
 * Writes formats.json: every shared format of ADR 0001 by example, for Solidity and TypeScript alike.
 * `node test/vectors/generate.ts` after a new ADR changed a format; a test holds the file fresh.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formats } from './formats.ts';

writeFileSync(fileURLToPath(new URL('formats.json', import.meta.url)), formats());
