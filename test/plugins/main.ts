/**
 * `npm run test:plugins -- FOLDER`: whether the plugin in FOLDER keeps the rules of docs/plugins.md; without a folder, whether
 * the built-in ones do that this machine can run. A line a rule, one JSON object a plugin, and JSON of all last.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refusal } from '../../domain/refusal.ts';
import { judge, type Verdict } from '../../provider/conformance/suite.ts';
import { completeSettings, readManifest } from '../../provider/pools/manifest.ts';

/** What a built-in plugin's platform needs: a file `test/plugins/NAME.ts` may export `prepare`. */
export type Prepare = (folder: string) => Promise<Prepared>;

export type Prepared =
  /** Why this machine can't run it. */
  | { absent: string }
  | {
      settings: Record<string, unknown>;
      image?: string;
      patience?: number;
      byHand?: boolean;
      stop(): Promise<void>;
    };

// Real platforms are what this command is for.
process.env['PLATFORMS'] ??= '1';

const BUILT_IN = join(import.meta.dirname, '../../provider/plugins');

async function prepared(name: string, folder: string, scratch: string): Promise<Prepared> {
  const module = join(import.meta.dirname, `${name}.ts`);
  if (folder.startsWith(BUILT_IN) && existsSync(module)) {
    const { prepare } = (await import(pathToFileURL(module).href)) as { prepare: Prepare };
    return prepare(scratch);
  }
  const path = join(folder, 'conformance.json');
  const told = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {};
  return { settings: {}, stop: async () => undefined, ...told };
}

async function tryPlugin(folder: string): Promise<{ plugin: string; ok: boolean | null }> {
  const plugin = readManifest(folder);
  const { name, version } = plugin.manifest;
  const scratch = mkdtempSync(join(tmpdir(), 'cardhour-conformance-'));
  const began = performance.now();
  try {
    const subject = await prepared(name, folder, scratch);
    if ('absent' in subject) {
      console.log(`${name} ${version}: not here, ${subject.absent}`);
      return { plugin: name, ok: null };
    }
    console.log(`${name} ${version}`);
    const settings = completeSettings(plugin.manifest, subject.settings);
    const pool = mkdtempSync(join(scratch, 'pool-'));
    const verdicts = await judge(
      {
        plugin,
        settings,
        folder: pool,
        image: subject.image,
        patience: subject.patience ?? 1,
        byHand: subject.byHand ?? false,
      },
      ({ rule, outcome, why }) =>
        console.log(`  ${SIGN[outcome]} ${rule}${why === undefined ? '' : `: ${why}`}`),
    );
    await subject.stop();
    const of = (outcome: Verdict['outcome']) => verdicts.filter((verdict) => verdict.outcome === outcome);
    const report = {
      plugin: name,
      version,
      kept: of('kept').length,
      skipped: of('skipped').length,
      broken: of('broken'),
      seconds: Math.round((performance.now() - began) / 100) / 10,
      ok: of('broken').length === 0,
    };
    console.log(JSON.stringify(report));
    return report;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const SIGN = { kept: '✓', broken: '✗', skipped: '–' } as const;

try {
  const [path] = process.argv.slice(2);
  const folders =
    path === undefined ? readdirSync(BUILT_IN).map((name) => join(BUILT_IN, name)) : [resolve(path)];
  const plugins = [];
  for (const folder of folders) plugins.push(await tryPlugin(folder));
  const ok = plugins.every((plugin) => plugin.ok !== false);
  if (path === undefined) console.log(JSON.stringify({ plugins, ok }));
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
}
