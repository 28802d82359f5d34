/**
 * Peak rates of cards, each row with its source: what normalises hours across cards. Dense rates (without sparsity).
 * Where sources conflict both rows stand, and a rate is a range: nobody's card counts as more than every source says.
 */
import type { CapacityKind } from './capacity.ts';

export interface CardRow {
  vendor: string;
  model: string;
  kind: CapacityKind;
  memoryGb: number;
  /** Peak FP16 or BF16, dense, GFLOPS; null where no source says. */
  fp16Gflops: number | null;
  /** Peak INT8, dense, tenths of TOPS; null where no source says. */
  int8Tenths: number | null;
  /** Where the rates were read. */
  source: string;
  /** Further names, written as `keyOf` writes them. */
  names: readonly string[];
}

const PROF = 'citsjtu2020/LLM-Prof hardware_spec.md (8434c8d)';
const SHEETS = 'arthurchiao.github.io, 2023-10-25 gpu-data-sheets (0fb7e91)';

function card(
  vendor: string,
  model: string,
  memoryGb: number,
  fp16Gflops: number | null,
  int8Tenths: number | null,
  source: string,
  names: readonly string[] = [],
): CardRow {
  const kind = vendor === 'Huawei' ? 'neural' : 'parallel';
  return { vendor, model, kind, memoryGb, fp16Gflops, int8Tenths, source, names };
}

/** The table's version: raised with every change of a row. */
export const CARDS_VERSION = '1';

export const CARDS: readonly CardRow[] = [
  card('NVIDIA', 'B200 SXM', 192, 2_250_000, 45_000, PROF, ['B200']),
  card('NVIDIA', 'H200 SXM', 141, 989_000, 19_790, PROF, ['H200']),
  card('NVIDIA', 'H100 SXM', 80, 989_000, 19_790, PROF, ['H100', 'H100SXM5']),
  card('NVIDIA', 'H100 PCIe', 80, 756_500, 15_130, `${SHEETS}; 1,513 there is with sparsity, halved`, [
    'H100',
  ]),
  card('NVIDIA', 'H800 SXM', 80, 989_000, 19_790, PROF, ['H800']),
  card('NVIDIA', 'H20 SXM', 96, 148_000, 2_960, PROF, ['H20']),
  card('NVIDIA', 'H20 SXM', 141, 148_000, 2_960, PROF, ['H20']),
  card('NVIDIA', 'A100 SXM', 80, 312_000, 6_240, PROF, ['A100', 'A100SXM4']),
  card('NVIDIA', 'A100 PCIe', 80, 312_000, 6_240, SHEETS, ['A100']),
  card('NVIDIA', 'A800 SXM', 80, 312_000, 6_240, PROF, ['A800']),
  card('NVIDIA', 'A40', 48, 149_700, 2_993, 'astroC86/gpu-datasheet'),
  card('NVIDIA', 'A30', 24, 165_000, 3_300, SHEETS),
  card('NVIDIA', 'A10', 24, 125_000, 2_500, `${PROF}; ${SHEETS}`),
  card('NVIDIA', 'L40S', 48, 362_050, 7_330, 'NVIDIA L40S datasheet, 2023'),
  card('NVIDIA', 'L20', 48, 119_500, 2_390, `${PROF}; ${SHEETS}`),
  card('NVIDIA', 'L4', 24, 121_000, 2_425, `${SHEETS}; 242 and 485 there are with sparsity, halved`),
  card('NVIDIA', 'L2', 24, 95_600, 1_930, `${SHEETS} (BF16)`),
  card(
    'NVIDIA',
    'RTX 4090',
    24,
    165_200,
    6_606,
    'NVIDIA Ada GPU architecture whitepaper, 2022 (FP32 accumulation)',
  ),
  card('NVIDIA', 'T4', 16, 65_000, 1_300, 'NVIDIA T4 datasheet, 2019'),
  card('NVIDIA', 'V100 SXM2', 32, 125_000, null, 'NVIDIA V100 datasheet, 2020'),
  card('NVIDIA', 'V100 PCIe', 16, 112_000, null, 'hahnyuan/LLM-Viewer; NVIDIA V100 datasheet, 2020', [
    'V100M16',
    'V100M32',
  ]),
  card('NVIDIA', 'P100 PCIe', 16, 18_700, null, 'NVIDIA P100 PCIe datasheet, 2016', ['P100']),
  card('AMD', 'MI308X', 192, 115_000, 2_300, `${PROF} (as printed there)`),
  card(
    'AMD',
    'MI300X',
    192,
    1_300_000,
    26_000,
    'giacomo-brunetta/MLPerf_per_Watt (rounded; another repository prints 1,307)',
  ),
  card(
    'AMD',
    'MI250',
    128,
    362_100,
    3_621,
    'giacomo-brunetta/MLPerf_per_Watt; memory: AMD MI250 datasheet, 2021',
  ),
  // The next two conflict: 910B is a family (B1 to B4), and neither source says which. A third reports 328 TFLOPS measured (BF16).
  card('Huawei', 'Ascend 910B', 64, 320_000, 6_400, `${SHEETS}; conflicts with the next row`, ['910B']),
  card(
    'Huawei',
    'Ascend 910B',
    64,
    280_000,
    5_600,
    'ai.gitee.com, Ascend page; conflicts with the row before',
    ['910B'],
  ),
];

/** Hours are counted in those of this card. */
export const REFERENCE_CARD = 'H100 SXM';

/** `H100-SXM-80G` is `{ key: 'H100SXM', memoryGb: 80 }`: case, marks and vendor don't tell models apart. */
export function keyOf(model: string): { key: string; memoryGb: number | null } {
  const memory = /[-_ ]([1-9][0-9]{0,3})GB?$/i.exec(model);
  const name = memory === null ? model : model.slice(0, memory.index);
  const key = name
    .replace(/^(NVIDIA|AMD|HUAWEI)[-_ ]+/i, '')
    .replace(/[^A-Za-z0-9]/g, '')
    .toUpperCase();
  return { key, memoryGb: memory === null ? null : Number(memory[1]) };
}

const ROWS_BY_KEY = new Map<string, CardRow[]>();
for (const row of CARDS)
  for (const key of [keyOf(row.model).key, ...row.names])
    ROWS_BY_KEY.set(key, [...(ROWS_BY_KEY.get(key) ?? []), row]);

/** The rows that a model's name may mean: none when it is unknown, several when it is ambiguous or sources conflict. */
export function cardRows(model: string): readonly CardRow[] {
  const { key, memoryGb } = keyOf(model);
  const rows = ROWS_BY_KEY.get(key) ?? [];
  const exact = rows.filter((row) => row.memoryGb === memoryGb);
  return exact.length > 0 ? exact : rows;
}

export interface RateRange {
  low: number;
  high: number;
  sources: string[];
}

/** Peak dense FP16 rate of a model, GFLOPS: a range where rows differ; null where none says. */
export function fp16Of(model: string): RateRange | null {
  const rated = cardRows(model).filter((row) => row.fp16Gflops !== null);
  if (rated.length === 0) return null;
  const rates = rated.map((row) => row.fp16Gflops!);
  return { low: Math.min(...rates), high: Math.max(...rates), sources: rated.map((row) => row.source) };
}
