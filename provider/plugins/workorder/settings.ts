/** Settings of a pool that a person provisions; `plugin.json` shows them to the operator. */
import { readFileSync, statSync } from 'node:fs';
import { PluginError } from '../../plugin/errors.ts';
import type { Hex } from '../../../domain/types.ts';
import { mapOf, record, text, whole, type Shaped } from '../../plugin/shape.ts';
import { readSettings } from '../../plugin/pool-settings.ts';

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

const SHAPE = record(
  {
    gateway: text(512, /^https?:\/\//, 'the gateway’s address, http(s)://…'),
    provider: text(42, ADDRESS, 'an address'),
    auction: text(42, ADDRESS, 'an address'),
    chainId: whole(1),
    keyFile: text(4_096),
    cards: mapOf(whole(0, 1_000_000), 256),
  },
  { provisionWithinSeconds: whole(1, 31_536_000), pollSeconds: whole(1, 3_600) },
);

export type WorkOrderSettings = Required<Shaped<typeof SHAPE>> & { provider: Hex; auction: Hex };

/** @throws PluginError BAD_SETTINGS */
export function readWorkOrderSettings(settings: Record<string, unknown>): WorkOrderSettings {
  const given = readSettings(SHAPE, settings);
  return {
    provisionWithinSeconds: 3_600,
    pollSeconds: 5,
    ...given,
    gateway: given.gateway.replace(/\/+$/, ''),
    provider: given.provider.toLowerCase() as Hex,
    auction: given.auction.toLowerCase() as Hex,
  };
}

/** The provider's signing key, in a file that nobody else may read. @throws PluginError BAD_SETTINGS */
export function readKey({ keyFile }: WorkOrderSettings): Hex {
  const bad = (what: string) => new PluginError('BAD_SETTINGS', `settings.keyFile: ${keyFile} ${what}.`);
  let key: string;
  try {
    if ((statSync(keyFile).mode & 0o077) !== 0) throw bad('may be read by others; give it mode 0600');
    key = readFileSync(keyFile, 'utf8').trim();
  } catch (error) {
    throw error instanceof PluginError ? error : bad('can’t be read');
  }
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw bad('holds no private key, 0x and 64 hex digits');
  return key as Hex;
}
