import { formatMoney } from '../../domain/units.ts';

/** Base units as money with thousands separated and at most `places` decimals, rounded down. */
export function money(amount: bigint | string, places = 4): string {
  const text = formatMoney(BigInt(amount));
  const [whole = '0', fraction = ''] = text.split('.');
  const shown = fraction.slice(0, places).replace(/0+$/, '');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return shown === '' ? grouped : `${grouped}.${shown}`;
}

export function short(hex: string): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}

/** Seconds as people say them: 90 is "1 min 30 s". */
export function span(seconds: number): string {
  if (seconds < 0) return '0 s';
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.floor(seconds % 60), 's'],
  ];
  const shown = parts.filter(([count]) => count > 0).slice(0, 2);
  return shown.length === 0 ? '0 s' : shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** Chain time as the reader's clock shows it. */
export function clockTime(seconds: string | bigint): string {
  return new Date(Number(seconds) * 1000).toLocaleTimeString(undefined, { hour12: false });
}

/** GFLOPS, or the range in which sources put them, as people say them: 7,912,000 is "7.91 PFLOPS". */
export function compute({ low, high }: { low: number; high: number }): string {
  const [size, unit] =
    high >= 1_000_000 ? [1_000_000, 'PFLOPS'] : high >= 1_000 ? [1_000, 'TFLOPS'] : [1, 'GFLOPS'];
  const shown = (gflops: number): string => String(Math.floor((gflops * 100) / size) / 100);
  return low === high ? `${shown(low)} ${unit}` : `${shown(low)} to ${shown(high)} ${unit}`;
}
