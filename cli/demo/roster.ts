/** Who trades by itself on a local market: made-up companies, the accounts of the well-known test mnemonic. */
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import type { Cpi } from '../../domain/cpi.ts';
import { fp16Of } from '../../domain/metrology/cards.ts';
import type { Hex } from '../../domain/types.ts';

/** Public: it stands in every EVM tool's manual. Never use it where money has worth. */
const MNEMONIC = 'test test test test test test test test test test test junk';

export const ACCOUNT_INDEX = { providers: [3, 4, 5], consumers: [6, 7], visitor: 8 } as const;

export function demoAccount(index: number): HDAccount {
  return mnemonicToAccount(MNEMONIC, { addressIndex: index });
}

export function demoKey(index: number): Hex {
  const key = demoAccount(index).getHdKey().privateKey;
  if (!key) throw new Error(`the demo mnemonic has no key ${index}`);
  return `0x${Buffer.from(key).toString('hex')}`;
}

export interface DemoNode {
  className: string;
  region: string;
  cards: number;
  networkMbps: number;
  storageGb: number;
  cpi: Cpi;
}

export interface DemoProvider {
  /** Short name of the process. */
  name: string;
  company: string;
  account: number;
  nodes: DemoNode[];
  /** Base units per card-hour, by class: around the public price tables of August 2026. */
  prices: Record<string, { reserve: string; list: string }>;
}

/** The chip model of each class, as the identifier names it. */
const CHIPS: Record<string, string> = {
  'H100-SXM-80G': 'H100-SXM5',
  'A100-SXM-80G': 'A100-SXM4',
  'L40S-48G': 'L40S',
  'RTX4090-24G': 'RTX4090',
  'L4-24G': 'L4',
};

/** What so many cards compute, TFLOPS, as the identifier writes it. */
function computeOf(chip: string, cards: number): string {
  const rate = fp16Of(chip);
  if (rate === null) throw new Error(`the table of cards has no rate for ${chip}`);
  return `${(rate.low * cards) / 1000}TFLOPS`;
}

interface Site {
  enterprise: string;
  city: string;
  zone: string;
  region: string;
  /** First three parts of the nodes' made-up addresses. */
  network: string;
}

/** One server: four fields of X, six of Y, six of S, four of Z (document 000, section IV.A). */
function server(
  site: Site,
  number: number,
  className: string,
  cards: number,
  networkMbps: number,
  storageGb: number,
): DemoNode {
  const chip = CHIPS[className];
  if (!chip) throw new Error(`no chip is known for ${className}`);
  const serial = `${site.enterprise}-${chip}-${String(number).padStart(4, '0')}`;
  return {
    className,
    region: site.region,
    cards,
    networkMbps,
    storageGb,
    cpi: {
      // 6450: internet data services (GB/T 4754-2017).
      x: [site.enterprise, '6450', site.city, site.zone],
      y: [
        'GPU',
        'bare-metal',
        computeOf(chip, cards),
        `${storageGb}GB`,
        `${networkMbps}Mbps`,
        `${chip}x${cards}`,
      ],
      s: ['rack', 'EPYC-9454', '96', `${cards * 128}GB`, `${storageGb}GB`, '1'],
      z: [`${site.network}.${number}`, 'GPU', chip, serial],
    },
  };
}

const LINGANG: Site = {
  enterprise: 'LGSZ',
  city: '310000',
  zone: 'lingang-a',
  region: 'cn-310000',
  network: '10.31.0',
};
const POLDER: Site = {
  enterprise: 'PLDR',
  city: 'NL-NH',
  zone: 'ams-2',
  region: 'eu-west',
  network: '10.52.0',
};
const TIDE: Site = {
  enterprise: 'TIDE',
  city: 'US-VA',
  zone: 'iad-1',
  region: 'us-east',
  network: '10.71.0',
};

/** All three providers rent racks in one hall: their nodes there are near enough to bid as clusters. */
function inHall(site: Site, place: number): Site {
  return { ...site, city: 'NL-NH', zone: 'ams-9', region: 'eu-west', network: `10.90.${place}` };
}

/** The class whose nodes join clusters. */
export const CLUSTER_CLASS = 'L4-24G';

function hallNodes(site: Site, place: number): DemoNode[] {
  return [1, 2].map((number) => server(inHall(site, place), number, CLUSTER_CLASS, 4, 25_000, 4_000));
}

/** Every class has two sellers or more, so that auctions have a runner-up. */
export const DEMO_PROVIDERS: DemoProvider[] = [
  {
    name: 'lingang',
    company: 'Lingang Suanli Works',
    account: 3,
    nodes: [
      server(LINGANG, 11, 'H100-SXM-80G', 8, 100_000, 20_000),
      server(LINGANG, 12, 'A100-SXM-80G', 8, 50_000, 15_000),
      server(LINGANG, 13, 'RTX4090-24G', 8, 10_000, 8_000),
      ...hallNodes(LINGANG, 1),
    ],
    prices: {
      'H100-SXM-80G': { reserve: '1740000', list: '2690000' },
      'A100-SXM-80G': { reserve: '895000', list: '1490000' },
      'RTX4090-24G': { reserve: '260000', list: '370000' },
      'L4-24G': { reserve: '391000', list: '640000' },
    },
  },
  {
    name: 'polder',
    company: 'Polder Compute',
    account: 4,
    nodes: [
      server(POLDER, 21, 'H100-SXM-80G', 8, 100_000, 30_000),
      server(POLDER, 22, 'A100-SXM-80G', 4, 25_000, 10_000),
      server(POLDER, 23, 'L40S-48G', 8, 25_000, 10_000),
      ...hallNodes(POLDER, 2),
    ],
    prices: {
      'H100-SXM-80G': { reserve: '1990000', list: '3250000' },
      'A100-SXM-80G': { reserve: '1040000', list: '1790000' },
      'L40S-48G': { reserve: '685000', list: '1370000' },
      'L4-24G': { reserve: '382000', list: '690000' },
    },
  },
  {
    name: 'tidewater',
    company: 'Tidewater GPU',
    account: 5,
    nodes: [
      server(TIDE, 31, 'A100-SXM-80G', 8, 100_000, 20_000),
      server(TIDE, 32, 'L40S-48G', 8, 25_000, 12_000),
      server(TIDE, 33, 'RTX4090-24G', 4, 10_000, 4_000),
      ...hallNodes(TIDE, 3),
    ],
    prices: {
      'A100-SXM-80G': { reserve: '960000', list: '1390000' },
      'L40S-48G': { reserve: '602000', list: '790000' },
      'RTX4090-24G': { reserve: '280000', list: '340000' },
      'L4-24G': { reserve: '404000', list: '660000' },
    },
  },
];
