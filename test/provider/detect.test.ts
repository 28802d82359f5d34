import { describe, expect, it } from 'vitest';
import { formatCpi, parseCpi } from '../../domain/cpi.ts';
import { classOf, detectCards, parseNpuSmi, parseNvidiaSmi } from '../../provider/detect/cards.ts';
import { proposeNodes } from '../../provider/detect/machine.ts';

/** In the form that NVIDIA documents for --query-gpu with csv,noheader,nounits. */
const NVIDIA = `0, GPU-1d1b7a3e-8f1c-6f0e-4d0a-0a1c5ce11111, NVIDIA H100 80GB HBM3, 81559
1, GPU-1d1b7a3e-8f1c-6f0e-4d0a-0a1c5ce22222, NVIDIA H100 80GB HBM3, 81559
2, GPU-1d1b7a3e-8f1c-6f0e-4d0a-0a1c5ce33333, NVIDIA H100 80GB HBM3, [GPU is lost]
`;

/** In the form that Huawei documents for \`npu-smi info\` of Atlas 800T A2: two lines a chip, then its processes. */
const ASCEND = `+------------------------------------------------------------------------------------------------+
| npu-smi 23.0.rc2                 Version: 23.0.rc2                                             |
+---------------------------+---------------+----------------------------------------------------+
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 0     910B3               | OK            | 89.1        46                0    / 0             |
| 0                         | 0000:C1:00.0  | 0           0    / 0          4151 / 65536         |
+===========================+===============+====================================================+
| 1     910B3               | Alarm         | 91.0        47                0    / 0             |
| 0                         | 0000:01:00.0  | 0           0    / 0          4151 / 65536         |
+===========================+===============+====================================================+
| 2     910B3               | OK            | 88.7        45                0    / 0             |
| 0                         | 0000:C2:00.0  | 0           0    / 0          4151 / 65536         |
+===========================+===============+====================================================+
| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
+===========================+===============+====================================================+
| No running processes found in NPU 0                                                            |
+===========================+===============+====================================================+
`;

describe('detection', () => {
  it("reads NVIDIA's table and leaves a lost card out", () => {
    expect(parseNvidiaSmi(NVIDIA)).toMatchObject([
      { kind: 'nvidia', index: 0, model: 'NVIDIA H100 80GB HBM3', memoryMb: 81_559 },
      { kind: 'nvidia', index: 1 },
    ]);
  });

  it("reads Ascend's table and leaves a card in alarm out", () => {
    expect(parseNpuSmi(ASCEND)).toMatchObject([
      { kind: 'ascend', model: '910B3', id: '0000:C1:00.0', memoryMb: 65_536 },
      { kind: 'ascend', model: '910B3', index: 2, id: '0000:C2:00.0', memoryMb: 65_536 },
    ]);
  });

  it.each(['', 'command not found\n', NVIDIA.slice(0, 20), '| | |\n|x|y|z|', '\0'.repeat(50)])(
    'finds nothing in %j',
    (text) => {
      expect(parseNvidiaSmi(text.slice(0, 15))).toEqual([]);
      expect(parseNpuSmi(text)).toEqual([]);
    },
  );

  it('is no error where the tools are absent', async () => {
    expect(Array.isArray(await detectCards())).toBe(true);
  });

  it('proposes a class by the market’s names, and an identifier that can be read again', () => {
    const cards = [...parseNvidiaSmi(NVIDIA), ...parseNpuSmi(ASCEND)];
    expect(cards.map(classOf)).toEqual([
      'H100-SXM-80G',
      'H100-SXM-80G',
      'Ascend910B3-64G',
      'Ascend910B3-64G',
    ]);
    const machine = {
      cpuModel: 'AMD EPYC 9454 48-Core Processor',
      cores: 96,
      memoryBytes: 1e12,
      diskBytes: 20e12,
      address: '10.0.0.7',
      cards,
    };
    const site = { enterprise: 'ACME', industry: '6450', city: '310000', zone: 'a' };
    const nodes = proposeNodes(machine, site);
    expect(nodes.map(({ className, cards: count }) => [className, count])).toEqual([
      ['H100-SXM-80G', 2],
      ['Ascend910B3-64G', 2],
    ]);
    for (const { cpi } of nodes) expect('cpi' in parseCpi(formatCpi(cpi))).toBe(true);
  });
});
