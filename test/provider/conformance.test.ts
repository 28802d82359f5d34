import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Subject } from '../../provider/conformance/session.ts';
import { judge } from '../../provider/conformance/suite.ts';
import type { InstalledPlugin } from '../../provider/pools/manifest.ts';
import { hasPython, toy, wrong } from './plugins/folders.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe.runIf(hasPython)('the conformance suite', () => {
  it('finds nothing wrong with the example of docs/plugins.md', async () => {
    const verdicts = await judge(subject(toy()), () => undefined);
    expect(verdicts.filter(({ outcome }) => outcome === 'broken')).toEqual([]);
    expect(verdicts.filter(({ outcome }) => outcome === 'kept').length).toBeGreaterThan(20);
  }, 900_000);

  it.each([
    ['hangs', /answers initialize/],
    ['chatters', /answers initialize/],
    ['speaks-anything', /chooses among the versions/],
    ['outlives-agent', /when its input ends/],
    ['hides-exit-codes', /runs a command/],
    ['never-tells', /runs a command/],
    ['loses-log', /keeps the log/],
    ['starts-twice', /starts a lease once/],
    ['forgets', /lists what runs/],
    ['never-releases', /lists what runs/],
    ['releases-what-runs', /lists what runs/],
    ['kills-at-once', /stops politely/],
    ['ignores-time', /ends a lease after its seconds/],
    ['lies-about-capacity', /gives no card twice/],
    ['takes-cards-twice', /gives no card twice/],
    ['leaves-children', /when it is killed/],
  ])('finds the plugin out that %s', async (defect, rule) => {
    const plugin = wrong(defect);
    folders.push(plugin.folder);
    // Times that the defect lets pass in vain are kept short.
    const verdicts = await judge(subject(plugin, 0.25), () => undefined, rule);
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['broken']);
  });
});

function subject(plugin: InstalledPlugin, patience = 3): Subject {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-conformance-'));
  folders.push(folder);
  return { plugin, settings: {}, folder, patience, byHand: false };
}
