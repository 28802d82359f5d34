/**
 * The data dictionary that identifiers are read with: codes and their names, as tables with versions and sources. The
 * tables come from outside (`app/server/cpi/dictionary.ts` loads them); here are the rules by which a code is found.
 */
import type { CodeTableName } from './cpi/fields.ts';
import { cardRows } from './metrology/cards.ts';

export interface CodeTable {
  title: string;
  /** Edition of the standard, or version of our table. */
  version: string;
  source: string;
  licence: string;
  names: ReadonlyMap<string, string>;
}

export interface Dictionary {
  /** GB/T 2260, six digits. */
  divisions: CodeTable;
  /** ISO 3166-1 alpha-2. */
  countries: CodeTable;
  /** ISO 3166-2. */
  subdivisions: CodeTable;
  /** GB/T 4754-2017: sections (a letter) and classes (four digits). */
  industries: CodeTable;
}

export const RESOURCE_TYPES: CodeTable = {
  title: 'Kinds of resource and chip',
  version: '1',
  source: 'document 001, section 3.2; document 000, section IV.B',
  licence: 'own',
  names: new Map([
    ['CPU', 'general-purpose processor: logical computing power'],
    ['GPU', 'graphics processor: parallel computing power'],
    ['NPU', 'neural network processor: neural computing power'],
    ['TPU', 'tensor processor: neural computing power'],
    ['DPU', 'deep learning processor: neural computing power'],
    ['FPGA', 'field-programmable gate array'],
    ['ASIC', 'chip for one purpose'],
  ]),
};

export const SERVICE_TYPES: CodeTable = {
  title: 'Ways of handing over',
  version: '1',
  source: 'document 000, section IV.B (bare metal, virtual machines, containers, batch)',
  licence: 'own',
  names: new Map([
    ['bare-metal', 'whole servers'],
    ['virtual-machine', 'virtual machines'],
    ['container', 'containers'],
    ['batch', 'jobs of a batch system'],
    ['training', 'training of models'],
    ['inference', 'inference of models'],
    ['rendering', 'rendering'],
  ]),
};

/** What a code means; the widest thing first in `path`, e.g. 上海市, 浦东新区. */
export interface CodeName {
  name: string;
  path: string[];
}

/** The name of a code, or null when the tables lack it. */
export function nameOf(dictionary: Dictionary, table: CodeTableName, code: string): CodeName | null {
  switch (table) {
    case 'places':
      return placeOf(dictionary, code);
    case 'industries':
      return industryOf(dictionary, code);
    case 'resourceTypes':
      return plain(RESOURCE_TYPES, code);
    case 'serviceTypes':
      return plain(SERVICE_TYPES, code);
    case 'chips': {
      const row = cardRows(code)[0];
      return row === undefined ? null : { name: `${row.vendor} ${row.model}`, path: [row.vendor, row.model] };
    }
  }
}

/** Region in which a place stands, for statistics: a GB/T 2260 province as `CN-31`, else an ISO 3166-1 country. */
export function regionOf(code: string): string {
  if (/^[0-9]{6}$/.test(code)) return `CN-${code.slice(0, 2)}`;
  return /^[A-Z]{2}(-|$)/.test(code) ? code.slice(0, 2) : '';
}

/** GB/T 2260 names the province by the first two digits and the prefecture by the first four. */
function placeOf({ divisions, countries, subdivisions }: Dictionary, code: string): CodeName | null {
  if (/^[0-9]{6}$/.test(code)) {
    const levels = [...new Set([`${code.slice(0, 2)}0000`, `${code.slice(0, 4)}00`, code])];
    if (!divisions.names.has(code)) return null;
    // A municipality is a prefecture of its own name.
    return joined([...new Set(levels.flatMap((level) => divisions.names.get(level) ?? []))]);
  }
  const country = countries.names.get(code.slice(0, 2));
  if (country === undefined) return null;
  if (code.length === 2) return joined([country]);
  const subdivision = subdivisions.names.get(code);
  return subdivision === undefined ? null : joined([country, subdivision]);
}

/** Names of divisions and groups (2 and 3 digits) are in no source of ours: they are known by their classes, and named by their section. */
function industryOf({ industries }: Dictionary, code: string): CodeName | null {
  const section = /^[A-T]$/.test(code) ? code : sectionOf(code);
  const sectionName = section === null ? undefined : industries.names.get(section);
  if (section === null || sectionName === undefined) return null;
  if (code === section) return joined([sectionName]);
  const own = industries.names.get(code);
  if (own !== undefined) return joined([sectionName, own]);
  if (code.length === 4) return null;
  const known = [...industries.names.keys()].some((key) => key.length === 4 && key.startsWith(code));
  return known ? joined([sectionName]) : null;
}

/** Last division of each section of GB/T 4754-2017. */
const SECTION_ENDS: readonly [string, number][] = [
  ['A', 5],
  ['B', 12],
  ['C', 43],
  ['D', 46],
  ['E', 50],
  ['F', 52],
  ['G', 60],
  ['H', 62],
  ['I', 65],
  ['J', 69],
  ['K', 70],
  ['L', 72],
  ['M', 75],
  ['N', 79],
  ['O', 82],
  ['P', 83],
  ['Q', 85],
  ['R', 90],
  ['S', 96],
  ['T', 97],
];

function sectionOf(code: string): string | null {
  if (!/^[0-9]{2,4}$/.test(code)) return null;
  const division = Number(code.slice(0, 2));
  if (division === 0) return null;
  return SECTION_ENDS.find(([, end]) => division <= end)?.[0] ?? null;
}

function plain({ names }: CodeTable, code: string): CodeName | null {
  const name = names.get(code);
  return name === undefined ? null : { name, path: [name] };
}

function joined(path: string[]): CodeName {
  return { name: path.at(-1)!, path };
}
