/** The Kubernetes plugin over real HTTP, against an API server that answers as Kubernetes' is documented to (`support/kube`). */
import { afterEach, describe, expect, it } from 'vitest';
import type { PluginLease } from '../../provider/plugin/protocol.ts';
import { CHIP, IMAGE, NAMESPACE, RESOURCE, startKubeApi } from '../support/kube/api.ts';
import { poolFolder, someLease, startPlugin, until } from '../support/plugin-client.ts';

const CLASS = 'H100-SXM-80G';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('the kubernetes plugin', () => {
  it('runs a lease as a Job: output, exit code, files and environment, and a Secret that goes with it', async () => {
    const { api, plugin } = await setup();
    const files = [{ path: 'in/name', base64: Buffer.from('card').toString('base64') }];
    const script = 'cat in/name; echo " of $COLOUR"; exit 3';
    const lease = someLease(CLASS, script, { env: { COLOUR: 'blue' }, files });
    await plugin.call('start', { lease });
    expect(await plugin.over(lease.id)).toMatchObject({ state: 'exited', exitCode: 3 });
    expect(await whole(plugin, lease.id)).toBe('card of blue\n');
    expect(api.objects.list('secrets')).toHaveLength(1);
    expect(JSON.stringify(api.objects.list('jobs'))).not.toContain('blue');
    await plugin.call('release', { id: lease.id });
    await until(() => api.objects.list('jobs').length === 0 && api.objects.list('pods').length === 0);
    expect(api.objects.list('secrets')).toEqual([]);
  });

  it('lets a lease wait with the scheduler’s own reason, and runs it when there is room', async () => {
    const { plugin } = await setup();
    const first = someLease(CLASS, 'sleep 600', { limits: { cards: 3, seconds: 600 } });
    const second = someLease(CLASS, 'sleep 600', { limits: { cards: 2, seconds: 600 } });
    await plugin.call('start', { lease: first });
    await plugin.until(first.id, 'running');
    await plugin.call('start', { lease: second });
    const reason = async () => (await plugin.call('status', { id: second.id })).reason ?? '';
    await until(async () => (await reason()).includes(`Insufficient ${RESOURCE}`));
    expect((await plugin.call('inventory', {})).cards).toEqual([{ class: CLASS, count: 4, free: 1 }]);
    await plugin.call('stop', { id: first.id, graceMs: 0 });
    expect((await plugin.until(second.id, 'running')).cards).toHaveLength(2);
    await until(() => plugin.changes.some(({ id, state }) => id === second.id && state === 'running'));
  });

  it('says which quota keeps a pod from being made', async () => {
    const { api, plugin } = await setup();
    const hard = { [`requests.${RESOURCE}`]: '1' };
    api.objects.create('resourcequotas', { metadata: { name: 'cards' }, spec: { hard } });
    const lease = someLease(CLASS, 'true', { limits: { cards: 2, seconds: 60 } });
    await plugin.call('start', { lease });
    const reason = async () => (await plugin.call('status', { id: lease.id })).reason ?? '';
    await until(async () => /exceeded quota: cards/.test(await reason()));
  });

  it('has no capacity while a quota of Jobs is full', async () => {
    const { api, plugin } = await setup();
    const hard = { 'count/jobs.batch': '1' };
    api.objects.create('resourcequotas', { metadata: { name: 'jobs' }, spec: { hard } });
    const first = await run(plugin, 'sleep 600');
    const lease = someLease(CLASS, 'true');
    await expect(plugin.call('start', { lease })).rejects.toMatchObject({ kind: 'NO_CAPACITY' });
    expect(api.objects.list('secrets')).toHaveLength(1);
    await plugin.call('stop', { id: first.id, graceMs: 0 });
    await until(() => api.objects.list('jobs').length === 0);
    await plugin.call('start', { lease });
    expect(await plugin.over(lease.id)).toMatchObject({ state: 'exited', exitCode: 0 });
  });

  it('fails a lease whose image can’t be had, and frees its cards', async () => {
    const { api, plugin } = await setup();
    const lease = someLease(CLASS, 'true', { image: 'registry.test/absent:9' });
    await plugin.call('start', { lease });
    const status = await plugin.over(lease.id);
    expect(status.state).toBe('failed');
    expect(status.reason).toMatch(/absent:9.*not found/);
    await until(() => api.objects.list('jobs').length === 0);
    expect((await plugin.call('inventory', {})).cards[0]?.free).toBe(4);
  });

  it('ends a lease at its time by the cluster’s own clock, also while the plugin is dead', async () => {
    const { api, plugin, again } = await setup();
    const lease = await run(plugin, 'sleep 600', { limits: { cards: 1, seconds: 2 } });
    await plugin.kill();
    await until(() => api.objects.list('pods').length === 0);
    const next = await again();
    expect(await next.over(lease.id)).toMatchObject({ state: 'exited', reason: 'its time was over' });
  });

  it('finds its leases again, with the log from the first byte, after it was killed', async () => {
    const { plugin, again } = await setup();
    const lease = await run(plugin, 'echo before; sleep 600');
    await until(async () => (await plugin.log(lease.id)) === 'before\n');
    await plugin.kill();
    const next = await again();
    expect((await next.call('list', {})).leases).toMatchObject([{ id: lease.id, state: 'running' }]);
    await until(async () => (await next.log(lease.id)) === 'before\n');
  });

  it('tells of ends after watch streams were cut and the API server was away', async () => {
    const { api, plugin } = await setup();
    const lease = await run(plugin, 'sleep 1');
    api.mode = 'down';
    api.cutStreams();
    const another = someLease(CLASS, 'true');
    await expect(plugin.call('start', { lease: another })).rejects.toMatchObject({ kind: 'NOT_READY' });
    await expect(plugin.call('inventory', {})).rejects.toMatchObject({ kind: 'NOT_READY' });
    expect((await plugin.call('health', {})).ok).toBe(false);
    await until(() => api.objects.list('pods').every(({ status }) => status?.phase === 'Succeeded'));
    api.mode = 'answers';
    await until(() => plugin.changes.some(({ id, state }) => id === lease.id && state === 'exited'));
    await plugin.call('start', { lease: another });
    expect(await plugin.over(another.id)).toMatchObject({ state: 'exited', exitCode: 0 });
  });

  it('loses a lease whose Job somebody else deleted', async () => {
    const { api, plugin } = await setup();
    const lease = await run(plugin, 'sleep 600');
    const job = api.objects.list('jobs')[0]?.metadata?.name ?? '';
    api.objects.remove('jobs', job);
    const lost = await plugin.over(lease.id);
    expect(lost.state).toBe('lost');
    expect(lost.reason).toContain(job);
    await until(() => api.objects.list('pods').length === 0);
  });

  it('puts no lease on nodes that are cordoned, and says that they are', async () => {
    const { api, plugin } = await setup([2, 2]);
    const node = api.objects.get('nodes', 'node-1');
    if (node?.spec) node.spec.unschedulable = true;
    const inventory = await plugin.call('inventory', {});
    expect(inventory).toMatchObject({ cards: [{ class: CLASS, count: 2, free: 2 }] });
    expect(inventory.notes).toEqual(['node node-1 is away: cordoned']);
    const lease = await run(plugin, 'sleep 600', { limits: { cards: 2, seconds: 600 } });
    expect((await plugin.call('status', { id: lease.id })).cards).toHaveLength(2);
    expect(api.objects.list('pods')[0]?.spec?.nodeName).toBe('node-0');
  });

  it('names what is wrong with its settings', async () => {
    const api = await startKubeApi();
    ends.push(() => api.stop());
    const { folder, remove } = poolFolder();
    ends.push(remove);
    const classes = { [CLASS]: { resource: RESOURCE } };
    const absent = startPlugin('kubernetes', { classes, kubeconfig: `${folder}/absent` }, folder);
    await expect(absent).rejects.toMatchObject({ kind: 'BAD_SETTINGS' });
    const odd = startPlugin('kubernetes', { classes: { [CLASS]: {} }, kubeconfig: api.kubeconfig }, folder);
    await expect(odd).rejects.toMatchObject({ kind: 'BAD_SETTINGS' });
  });
});

type Plugin = Awaited<ReturnType<typeof startPlugin>>;

async function run(plugin: Plugin, script: string, part: Partial<PluginLease> = {}): Promise<PluginLease> {
  const lease = someLease(CLASS, script, part);
  await plugin.call('start', { lease });
  expect(await plugin.until(lease.id, 'running')).toMatchObject({ state: 'running' });
  return lease;
}

async function whole(plugin: Plugin, id: string): Promise<string> {
  await until(async () => (await plugin.call('logs', { id, offset: 0, limit: 65_536 })).complete);
  return plugin.log(id);
}

async function setup(nodes: number[] = [4]) {
  const api = await startKubeApi(nodes);
  ends.push(() => api.stop());
  const { folder, remove } = poolFolder();
  ends.push(remove);
  const classes = { [CLASS]: { resource: RESOURCE, nodeSelector: CHIP } };
  const settings = { kubeconfig: api.kubeconfig, namespace: NAMESPACE, image: IMAGE, classes };
  const again = async () => {
    const plugin = await startPlugin('kubernetes', settings, folder);
    ends.push(() => plugin.kill());
    return plugin;
  };
  return { api, plugin: await again(), again };
}
