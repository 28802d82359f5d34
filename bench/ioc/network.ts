/** Where the experiment's nodes and users are, and what lies between them, as measured. */
import { readFileSync } from 'node:fs';
import { skyplaneLinks } from '../../domain/links/skyplane.ts';
import { LinkTable } from '../../domain/links/table.ts';

/** Eight cities, in each a region of two clouds. */
export const SITES: readonly { city: string; regions: readonly [string, string] }[] = [
  { city: 'Virginia', regions: ['aws:us-east-1', 'azure:eastus'] },
  { city: 'California', regions: ['aws:us-west-1', 'azure:westus'] },
  { city: 'São Paulo', regions: ['aws:sa-east-1', 'azure:brazilsouth'] },
  { city: 'London', regions: ['aws:eu-west-2', 'azure:uksouth'] },
  { city: 'Frankfurt', regions: ['aws:eu-central-1', 'azure:germanywestcentral'] },
  { city: 'Mumbai', regions: ['aws:ap-south-1', 'azure:centralindia'] },
  { city: 'Tokyo', regions: ['aws:ap-northeast-1', 'azure:japaneast'] },
  { city: 'Sydney', regions: ['aws:ap-southeast-2', 'azure:australiaeast'] },
];

export interface World {
  /** Of each node: its place in `SITES`. */
  cityOf: number[];
  /** Users' places, regions of a third cloud: those of which every way to a node is believed. */
  places: string[];
  /** Round trip in seconds, per place and node. */
  rtt: number[][];
  rejected: number;
}

/** @param folder `skyplane_network` */
export function readWorld(folder: string): World {
  const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
  const files = {
    latency: read('latency.csv'),
    throughput: read('throughput.csv'),
    costs: read('aws_transfer_costs.csv'),
  };
  const { links, rejected } = skyplaneLinks(files);
  const table = new LinkTable(links);
  const nodes = SITES.flatMap(({ regions }) => regions);
  const places = [...new Set(links.map(({ from }) => from))]
    .filter(
      (place) => place.startsWith('gcp:') && nodes.every((node) => table.measured(place, node) !== undefined),
    )
    .sort();
  return {
    cityOf: SITES.flatMap((_, city) => [city, city]),
    places,
    rtt: places.map((place) => nodes.map((node) => table.between(place, node).rttMicros / 1e6)),
    rejected: rejected.length,
  };
}
