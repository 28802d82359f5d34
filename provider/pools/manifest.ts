/** Plugins by their manifests: what lies in the plugin folders now. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';
import { MANIFEST, PROTOCOL_VERSIONS, type Manifest } from '../plugin/protocol.ts';
import { check } from '../plugin/shape.ts';

export interface InstalledPlugin {
  manifest: Manifest;
  /** Where `plugin.json` lies and the command runs. */
  folder: string;
  /** Changes with the manifest: another text is an upgrade. */
  text: string;
}

const FILE = 'plugin.json';
/** Of a manifest; a larger file is somebody's mistake. */
const MAX_BYTES = 65_536;

/** @throws Refusal MALFORMED, with what is wrong */
export function readManifest(folder: string): InstalledPlugin {
  const path = join(folder, FILE);
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    const text = readFileSync(path, 'utf8');
    const manifest = check(MANIFEST, JSON.parse(text), 'the manifest');
    if (!PROTOCOL_VERSIONS.some((version) => manifest.protocol.includes(version)))
      throw new Error(`it speaks protocol ${manifest.protocol.join(', ')} alone`);
    return { manifest, folder, text };
  } catch (error) {
    throw new Refusal(
      'MALFORMED',
      `${path} is no plugin's manifest: ${(error as Error).message}.`,
      'Correct it after docs/plugins.md.',
    );
  }
}

/**
 * The plugins below `roots`, by name; of two with one name the later root's counts.
 * @param onBroken hears of folders that hold a broken manifest
 */
export function installedPlugins(
  roots: string[],
  onBroken: (why: string) => void,
): Map<string, InstalledPlugin> {
  const found = new Map<string, InstalledPlugin>();
  for (const folder of roots.flatMap(foldersOf)) {
    try {
      const plugin = readManifest(folder);
      found.set(plugin.manifest.name, plugin);
    } catch (error) {
      onBroken((error as Error).message);
    }
  }
  return found;
}

interface SettingSchema {
  type?: string;
  enum?: unknown[];
  default?: unknown;
}

/**
 * The settings with the manifest's defaults filled in.
 * @throws Refusal MALFORMED that names the setting
 */
export function completeSettings(
  manifest: Manifest,
  given: Record<string, unknown>,
): Record<string, unknown> {
  const schema = (manifest.settings ?? {}) as {
    properties?: Record<string, SettingSchema>;
    required?: string[];
    additionalProperties?: boolean;
  };
  const known = schema.properties ?? {};
  const settings = { ...given };
  const refuse = (name: string, what: string): never => {
    throw new Refusal(
      'MALFORMED',
      `The setting ${name} of plugin ${manifest.name} ${what}.`,
      'Correct it in pools.json; the plugin’s manifest names its settings.',
    );
  };
  for (const [name, setting] of Object.entries(known)) {
    settings[name] ??= setting.default;
    const value = settings[name];
    if (value === undefined) {
      delete settings[name];
      if (schema.required?.includes(name)) refuse(name, 'is missing');
    } else if (setting.type !== undefined && !hasType(value, setting.type))
      refuse(name, `must be of type ${setting.type}`);
    else if (setting.enum && !setting.enum.includes(value))
      refuse(name, `must be one of ${setting.enum.join(', ')}`);
  }
  const odd = Object.keys(settings).find((name) => !(name in known));
  if (odd !== undefined && schema.additionalProperties === false) refuse(odd, 'is unknown');
  return settings;
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function foldersOf(root: string): string[] {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter((entry) => statSync(join(root, entry.name, FILE), { throwIfNoEntry: false }))
      .map((entry) => join(root, entry.name))
      .sort();
  } catch {
    return [];
  }
}
