/** What the cluster has, by what its nodes say. */
import type { Inventory } from '../../plugin/protocol.ts';
import { parseGres, type Fields } from './parse.ts';
import type { CardShape, SlurmSettings } from './settings.ts';

/** States in which a node takes no new job, whatever else it is. */
const AWAY = /DOWN|DRAIN|FAIL|NOT_RESPONDING|MAINT|POWER|FUTURE|UNKNOWN|INVAL|REBOOT/;

export function inventoryOf({ classes }: SlurmSettings, nodes: Fields[]): Inventory {
  const here = nodes.filter((node) => !isAway(node));
  const number = (node: Fields, name: string) => Number(node[name] ?? 0) || 0;
  return {
    cards: Object.entries(classes).map(([name, card]) => ({
      class: name,
      count: here.reduce((sum, node) => sum + cardsOf(node, card, 'Gres', 'CPUTot'), 0),
      free: here.reduce((sum, node) => sum + freeOf(node, card), 0),
    })),
    cores: here.reduce((sum, node) => sum + number(node, 'CPUTot'), 0),
    memoryBytes: here.reduce((sum, node) => sum + number(node, 'RealMemory') * 2 ** 20, 0),
    notes: nodes.filter(isAway).map(awayNote).slice(0, 32),
  };
}

export function awayNote(node: Fields): string {
  const why = node['Reason'] === undefined ? '' : `: ${node['Reason']}`;
  return `node ${node['NodeName'] ?? ''} is ${node['State'] ?? ''}${why}`;
}

export function isAway(node: Fields): boolean {
  return AWAY.test(node['State'] ?? '');
}

function cardsOf(node: Fields, card: CardShape, gres: string, cpus: string): number {
  if (card.gres !== undefined) return parseGres(node[gres] ?? '', card.gres);
  return Math.floor((Number(node[cpus] ?? 0) || 0) / (card.cores ?? 1));
}

function freeOf(node: Fields, card: CardShape): number {
  if (card.gres !== undefined)
    return Math.max(0, cardsOf(node, card, 'Gres', '') - cardsOf(node, card, 'GresUsed', ''));
  const free = (Number(node['CPUTot'] ?? 0) || 0) - (Number(node['CPUAlloc'] ?? 0) || 0);
  return Math.max(0, Math.floor(free / (card.cores ?? 1)));
}
