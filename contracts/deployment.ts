import type { Hex } from '../domain/types.ts';
import { BOUNDS, type Parameters } from '../domain/parameters.ts';

/** Where a market stands on its chain. Addresses are lower-case; `deployBlock` is the first block with an event of it. */
export interface Deployment {
  chainId: number;
  token: Hex;
  authority: Hex;
  vault: Hex;
  registry: Hex;
  clusters: Hex;
  reputation: Hex;
  auction: Hex;
  market: Hex;
  leaseBook: Hex;
  monitors: Hex;
  bond: Hex;
  claims: Hex;
  receipts: Hex;
  oversold: Hex;
  treasury: Hex;
  scheduler: Hex;
  deployBlock: number;
  parameters: Parameters;
}

const ADDRESSES = [
  'token',
  'authority',
  'vault',
  'registry',
  'clusters',
  'reputation',
  'auction',
  'market',
  'leaseBook',
  'monitors',
  'bond',
  'claims',
  'receipts',
  'oversold',
  'treasury',
  'scheduler',
] as const;
const BIGINT_PARAMETERS = new Set<string>([
  'gammaWad',
  'minProviderStake',
  'monitorBond',
  'claimDeposit',
  'claimPenalty',
  'skipPenalty',
]);

/**
 * Reads a deployment from parsed JSON or its text (money and 10⁻¹⁸ fractions as decimal strings).
 * @throws Error that names the first field that is missing or wrong
 */
export function parseDeployment(json: unknown): Deployment {
  const source = record(typeof json === 'string' ? JSON.parse(json) : json, 'deployment');
  const parameters = record(source['parameters'], 'parameters');
  const addresses = Object.fromEntries(ADDRESSES.map((name) => [name, address(source[name], name)]));
  const values = Object.keys(BOUNDS).map((name) => {
    const whole = integer(parameters[name], `parameters.${name}`);
    return [name, BIGINT_PARAMETERS.has(name) ? whole : Number(whole)];
  });
  return {
    ...(addresses as Record<(typeof ADDRESSES)[number], Hex>),
    chainId: Number(integer(source['chainId'], 'chainId')),
    deployBlock: Number(integer(source['deployBlock'], 'deployBlock')),
    parameters: Object.fromEntries(values) as Parameters,
  };
}

/** The text that `parseDeployment` reads. */
export function formatDeployment(deployment: Deployment): string {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  return JSON.stringify(deployment, plain, 2) + '\n';
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`The deployment is not readable: ${name} must be an object.`);
  }
  return value as Record<string, unknown>;
}

function address(value: unknown, name: string): Hex {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value)) {
    throw new Error(`The deployment is not readable: ${name} must be an address.`);
  }
  return value.toLowerCase() as Hex;
}

function integer(value: unknown, name: string): bigint {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value) || /^\d+$/.test(String(value));
  if (!whole) throw new Error(`The deployment is not readable: ${name} must be a whole number.`);
  return BigInt(value as bigint | number | string);
}
