import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { cleanEnvironment, isInstalled, target } from '../../cli/launch.mjs';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const LOCKED = {
  '': { name: 'x' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
};
const { a } = { a: LOCKED['node_modules/a'] };

test('install_isFoundWhenItIsWhatTheLockSays', async () => {
  expect(isInstalled(await setup({ 'node_modules/a': a }))).toBe(true);
});

test('install_isStaleWhenAPackageIsMissingOldOrTooMuch', async () => {
  expect(isInstalled(await setup(null))).toBe(false);
  expect(isInstalled(await setup({}))).toBe(false);
  expect(isInstalled(await setup({ 'node_modules/a': { ...a, version: '0.9.0' } }))).toBe(false);
  expect(isInstalled(await setup({ 'node_modules/a': { ...a, integrity: 'sha512-z' } }))).toBe(false);
  expect(isInstalled(await setup({ 'node_modules/a': a, 'node_modules/gone': a }))).toBe(false);
});

test('install_isStaleWithoutOurNode', async () => {
  expect(isInstalled(await setup({ 'node_modules/a': a }, { node: false }))).toBe(false);
});

test('environment_losesWhatNpmToldItsScript_andKeepsTheUsersSettings', () => {
  const kept = { PATH: '/bin', npm_config_registry: 'http://r', npm_config_cache: '/c', HTTPS_PROXY: 'p' };
  const lost = {
    npm_lifecycle_event: 'start',
    npm_package_name: 'cardhour',
    npm_config_prefix: '/p',
    npm_config_omit: 'dev',
    NODE_ENV: 'production',
  };
  expect(cleanEnvironment({ ...kept, ...lost })).toEqual(kept);
});

test('words_nameTheProgram', () => {
  expect(target(['up', '--empty']).args.slice(-2)).toEqual(['up', '--empty']);
  expect(target(['test']).args).toEqual(['run', '--silent', 'test:all']);
  expect(target(['run', 'bench/run.ts', 'slot']).args.slice(-2)).toEqual([
    join(process.cwd(), 'bench/run.ts'),
    'slot',
  ]);
  expect(() => target(['run'])).toThrow(/Say which file/);
});

async function setup(present: object | null, { node = true } = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'cardhour-launch-'));
  folders.push(root);
  await mkdir(join(root, 'node_modules', '.bin'), { recursive: true });
  if (node) await writeFile(join(root, 'node_modules', '.bin', 'node'), '');
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCKED }));
  if (present !== null) {
    const file = join(root, 'node_modules', '.package-lock.json');
    await writeFile(file, JSON.stringify({ packages: present }));
  }
  return root;
}
