/** What the market's tables keep of a node's identifier, for search and statistics. */
import { cpiOfSegments, parseCpi } from '../cpi.ts';
import { regionOf } from '../dictionary.ts';
import { keyOf } from '../metrology/cards.ts';
import type { Hex } from '../types.ts';
import { computeOf } from './compute.ts';

export interface IdentifierRow {
  node: Hex;
  text: string;
  provider: Hex;
  enterprise: string;
  industry: string;
  city: string;
  region: string;
  resourceType: string;
  serviceType: string;
  chip: string;
  gflops: bigint | null;
  grade: string;
}

/** @param node as it was registered; null when its segments make no identifier, since the chain does not look at them */
export function identifierRow(node: {
  id: Hex;
  provider: Hex;
  x: string;
  y: string;
  z: string;
}): IdentifierRow | null {
  const text = cpiOfSegments(node.x, node.y, node.z);
  const parsed = parseCpi(text);
  if ('reason' in parsed || parsed.node !== node.id) return null;
  const { x, y, z } = parsed.cpi;
  // Its four named fields are there: an identifier without them does not parse.
  const [enterprise, industry, city] = x as [string, string, string];
  const { gflops, grade } = computeOf(parsed.cpi);
  // PostgreSQL's text holds every character but NUL.
  const kept = (value: string): string => value.replaceAll('\0', '');
  return {
    node: node.id,
    text,
    provider: node.provider,
    enterprise: kept(enterprise),
    industry: kept(industry),
    city: kept(city),
    region: regionOf(city),
    resourceType: kept(y[0]!),
    serviceType: kept(y[1]!),
    chip: keyOf(z[2]!).key,
    gflops: gflops === null ? null : BigInt(gflops.low),
    grade: grade ?? '',
  };
}
