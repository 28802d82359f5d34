/** Made-up nodes with identifiers as the market has them: real codes, 500 enterprises, the cards of our table. */
import { formatCpi, parseCpi } from '../../domain/cpi.ts';
import { identifierRow, type IdentifierRow } from '../../domain/cpi/row.ts';
import { CARDS } from '../../domain/metrology/cards.ts';
import type { Hex } from '../../domain/types.ts';
import { random } from '../bench.ts';

export interface BenchNode {
  text: string;
  x: string;
  y: string;
  z: string;
  cards: number;
  row: IdentifierRow;
}

export const PROVIDERS = 500;
const CITIES = [
  '110105',
  '310115',
  '320500',
  '330100',
  '440300',
  '440100',
  '510100',
  '520100',
  '640500',
  '150100',
  'NL-NH',
  'US-VA',
  'US-OR',
  'DE-HE',
  'SG',
  'JP-13',
];
const INDUSTRIES = ['6450', '6510', '6531', '6540', '6550', '7320', '8334', '6311', '6319', '6420'];
const SERVICES = ['bare-metal', 'virtual-machine', 'container', 'batch'];

export function providerOf(index: number): Hex {
  return `0x${index.toString(16).padStart(40, '0')}`;
}

export function generateNodes(count: number, seed: number): BenchNode[] {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const models = [
    ...new Set(
      CARDS.map(({ vendor, model, memoryGb }) => `${vendor}-${model}-${memoryGb}G`.replaceAll(' ', '-')),
    ),
  ];
  return Array.from({ length: count }, (_, index) => {
    const provider = Math.floor(next() * PROVIDERS);
    const cards = pick([1, 2, 4, 8, 8, 8, 16]);
    const model = pick(models);
    const text = formatCpi({
      x: [
        `E${String(provider).padStart(4, '0')}`,
        pick(INDUSTRIES),
        pick(CITIES),
        `az${Math.floor(next() * 8)}`,
      ],
      y: ['GPU', pick(SERVICES), '', `${cards * 2500}GB`, '100000Mbps', `${model}x${cards}`],
      s: ['rack', 'EPYC-9454', `${cards * 12}`, `${cards * 128}GB`, `${cards * 2500}GB`, '1'],
      z: [`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`, 'GPU', model, `SN${index}`],
    });
    const parsed = parseCpi(text);
    if ('reason' in parsed) throw new Error(parsed.reason);
    const { x, y, s, z } = parsed.segments;
    const node = { id: parsed.node, provider: providerOf(provider), x, y: `${y}/${s}`, z };
    const row = identifierRow(node);
    if (row === null) throw new Error(`${text} makes no row`);
    return { text, ...node, cards, row };
  });
}
