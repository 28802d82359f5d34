/** What this machine is, and the identifier that it could have. */
import { statfsSync } from 'node:fs';
import { cpus, networkInterfaces, totalmem } from 'node:os';
import type { Cpi } from '../../domain/cpi.ts';
import { classOf, detectCards, type DetectedCard } from './cards.ts';

export interface Machine {
  cpuModel: string;
  cores: number;
  memoryBytes: number;
  diskBytes: number;
  address: string;
  cards: DetectedCard[];
}

/** @param folder on the disk that leases will use */
export async function detectMachine(folder: string): Promise<Machine> {
  const { blocks, bsize } = statfsSync(folder);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: blocks * bsize,
    address: addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1',
    cards: await detectCards(),
  };
}

export interface NodeProposal {
  className: string;
  cards: number;
  cpi: Cpi;
  /** For the settings of the plugin `process`. */
  devices: { kind: DetectedCard['kind']; index: number }[];
}

/** Who runs it and where: what no machine knows of itself. */
export interface Site {
  enterprise: string;
  industry: string;
  city: string;
  zone: string;
}

/** A node a class of card; a machine without cards proposes none. */
export function proposeNodes(machine: Machine, site: Site): NodeProposal[] {
  const gigabytes = (bytes: number) => `${Math.round(bytes / 1e9)}GB`;
  const storage = gigabytes(machine.diskBytes);
  const byClass = Map.groupBy(machine.cards, classOf);
  return [...byClass].map(([className, cards]) => {
    const [first] = cards as [DetectedCard];
    const chip = className.replace(/-\d+G$/, '');
    const type = first.kind === 'ascend' ? 'NPU' : 'GPU';
    return {
      className,
      cards: cards.length,
      devices: cards.map(({ kind, index }) => ({ kind, index })),
      cpi: {
        x: [site.enterprise, site.industry, site.city, site.zone],
        y: [type, 'bare-metal', '', storage, '', `${chip}x${cards.length}`],
        s: ['server', machine.cpuModel, String(machine.cores), gigabytes(machine.memoryBytes), storage, '1'],
        z: [machine.address, type, chip, first.id],
      },
    };
  });
}
