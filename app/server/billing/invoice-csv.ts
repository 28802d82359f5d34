/** An invoice as CSV (RFC 4180): a line a lease, amounts in base units, and the sums in the last line. */
import type { Invoice } from './invoice.ts';
import type { LeaseLine } from './lines.ts';

const COLUMNS = [
  'lease',
  'counterparty',
  'className',
  'region',
  'cards',
  'start',
  'end',
  'seconds',
  'rate',
  'price',
  'fee',
  'surplus',
  'refunded',
  'held',
  'endReason',
  'slot',
  'page',
  'place',
  'txHash',
  'block',
] as const satisfies readonly (keyof LeaseLine)[];

export function invoiceCsv({ number, lines, totals }: Invoice): string {
  const rows = [
    ['invoice', ...COLUMNS],
    ...lines.map((line) => [number, ...COLUMNS.map((column) => line[column])]),
    [
      number,
      ...COLUMNS.map((column) =>
        column === 'lease' ? 'total' : ((totals as unknown as Record<string, string>)[column] ?? ''),
      ),
    ],
  ];
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Names come from providers: a spreadsheet takes what begins so for a formula. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
