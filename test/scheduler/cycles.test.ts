/** Clusters from measured round trips to shared earnings: agents, gateway, scheduler and chain, all real. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clustersView } from '../../app/server/clusters/view.ts';
import { clustersAbi } from '../../contracts/generated/abi.ts';
import { addressOf } from './market.ts';
import { CYCLE_SECONDS, setupCycles } from './cycle-world.ts';

describe('a cycle', () => {
  let at: Awaited<ReturnType<typeof setupCycles>>;
  beforeEach(async () => {
    at = await setupCycles();
  });
  afterEach(() => at.teardown());

  it('measuresDecidesConsentsForms_once_trades_andShares', async () => {
    const cycle = await at.ready();
    const cycles = at.cycles();
    expect(cycles.cycleAt(await at.now())).toBe(cycle);
    const report = await cycles.decide(cycle);
    expect(report).toMatchObject({ state: 'decided', servers: 4, tasks: 30 });
    expect(report.proposed).toBeGreaterThan(0);
    // Another process, another try: the same cycle is decided once.
    expect(await at.cycles().decide(cycle)).toMatchObject({ state: 'known', proposed: 0 });
    expect(await cycles.form()).toEqual({ formed: [], lapsed: [] });

    await at.round();
    const sent = await at.sent();
    const formed = await at.following(cycles.form());
    expect(formed.lapsed).toEqual([]);
    expect(formed.formed).toHaveLength(report.proposed);
    expect(await at.cycles().form()).toEqual({ formed: [], lapsed: [] });
    expect(await at.sent()).toBe(sent + report.proposed);
    await at.indexer.syncTo();
    const [proposal] = (await at.proposals()).filter(({ state }) => state === 'formed');
    expect(proposal!.cluster).toMatch(/^0x[0-9a-f]{64}$/);
    // Its agents know: nothing of their own is offered meanwhile.
    for (const { watch } of at.agents) {
      const { ledger, now } = await watch.poll();
      const inCluster = (ledger.clusters ?? []).length > 0;
      expect((ledger.nodes[0]!.clusteredUntil ?? 0n) >= now).toBe(inCluster);
    }

    await at.mineAt((await at.now()) + 310n);
    const slot = await at.openSlot();
    await at.order(slot, 2, 3_000_000n, 1n, 100);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({ state: 'committed', matched: 1 });
    await at.indexer.syncTo();
    expect(await at.broken(slot)).toEqual([]);
    const { rows } = await at.pool.query<{ provider: string; end: string }>(
      'SELECT provider, "end" FROM lease',
    );
    const view = await clustersView(at.db, await at.now());
    const winner = view.clusters.find(({ account }) => account === rows[0]!.provider);
    // Exactly one agent runs it.
    const running = await Promise.all(
      at.agents.map(async ({ watch }) => (await watch.poll()).ledger.leases.length),
    );
    if (winner !== undefined) {
      expect(running.reduce((sum, count) => sum + count, 0)).toBe(1);
      await at.mineAt(BigInt(rows[0]!.end) + 10n);
      await at.pipeline().settleDue();
      await at.indexer.syncTo();
      expect(await at.following(cycles.distribute())).toBe(1);
      await at.indexer.syncTo();
      expect(await cycles.distribute()).toBe(0);
      const after = (await clustersView(at.db, await at.now())).clusters.find(
        ({ cluster }) => cluster === winner.cluster,
      )!;
      expect(BigInt(after.earned)).toBeGreaterThan(0n);
      expect(after.shared).toBe(after.earned);
      expect(after.leases).toHaveLength(1);
    }
    expect(view.latency.pairs.every(({ micros }) => micros !== null)).toBe(true);
    expect(view.proposals.filter(({ state }) => state === 'formed')).toHaveLength(report.proposed);
  });

  it('lapses_whenSomebodyDeclines_orNobodyAnswers_andSaysWhy', async () => {
    const cycle = await at.ready();
    const cycles = at.cycles();
    await cycles.decide(cycle);
    const [{ own, ...proposal }] = (
      await Promise.all(at.agents.map(({ name }) => at.gateway.proposals(addressOf(name))))
    ).flat() as [Awaited<ReturnType<typeof at.gateway.proposals>>[number]];
    expect(own).toHaveLength(1);
    await at.mineAt(proposal.consentBy + 1n);
    const { lapsed, formed } = await cycles.form();
    expect(formed).toEqual([]);
    expect(lapsed.length).toBeGreaterThan(0);
    expect(lapsed[0]!.reason).toContain('No answer in time from node');
    expect((await at.proposals()).every(({ state }) => state === 'lapsed')).toBe(true);
    // Too late: nobody is asked any more.
    await at.round();
    expect(await cycles.form()).toEqual({ formed: [], lapsed: [] });
  });

  it('lapses_whenTheChainWouldRefuse_andTheMarketGoesOn', async () => {
    const cycle = await at.ready();
    const cycles = at.cycles();
    await cycles.decide(cycle);
    await at.round();
    const { rows } = await at.pool.query<{ provider: string; nonce: string }>(
      `SELECT provider, consent->>'nonce' AS nonce FROM cluster_answer`,
    );
    for (const { name } of at.agents) {
      const nonces = rows.filter(({ provider }) => provider === addressOf(name)).map(({ nonce }) => nonce);
      await at.market.send(name, at.market.deployment.clusters, clustersAbi, 'cancelConsents', nonces);
    }
    const { lapsed } = await cycles.form();
    expect(lapsed.length).toBeGreaterThan(0);
    expect(lapsed[0]!.reason).toContain('NonceUsed');
  });

  it('refusesAConsentThatIsNotItsMembers_orNotToWhatWasProposed', async () => {
    const cycle = await at.ready();
    await at.cycles().decide(cycle);
    await at.round();
    const { rows } = await at.pool.query<{ proposal: string; consent: object; signature: string }>(
      'SELECT proposal, consent, signature FROM cluster_answer LIMIT 1',
    );
    const { proposal, consent, signature } = rows[0]!;
    await at.pool.query('DELETE FROM cluster_answer');
    const forged = `${signature.slice(0, -4)}${signature.endsWith('1b') ? '001c' : '001b'}`;
    const post = (body: unknown) => at.gateway.consent(body as never);
    await expect(post({ proposal, consent, signature: forged })).rejects.toMatchObject({
      code: 'BAD_SIGNATURE',
    });
    await expect(post({ proposal, consent: { ...consent, cards: 400 }, signature })).rejects.toMatchObject({
      code: 'BAD_SIGNATURE',
    });
    await post({ proposal, consent, signature });
    await post({ proposal, consent, signature });
    expect((await at.pool.query('SELECT 1 FROM cluster_answer')).rowCount).toBe(1);
  });

  it('goesOnWithoutServers_withOne_andWithoutAPolicy', async () => {
    const cycle = at.cycles().cycleAt(await at.now());
    const none = await at.cycles().decide(cycle);
    expect(none).toMatchObject({ state: expect.stringMatching(/decided|late/) as string, proposed: 0 });
    const file = join(tmpdir(), 'cardhour-corrupt-policy.json');
    await writeFile(file, '{"format":"cardhour-clustering-policy","version":1}');
    await at.mineAt((cycle + 1n) * CYCLE_SECONDS);
    const corrupt = await at.cycles({ policyFile: file }).decide(cycle + 1n);
    expect(corrupt.notes.map(({ code }) => code)).toEqual(['NO_POLICY', 'NO_SERVERS']);
    await at.mineAt((cycle + 2n) * CYCLE_SECONDS);
    await at.round(at.agents.slice(0, 1));
    const { rows } = await at.pool.query('SELECT node FROM node_endpoint');
    expect(rows).toHaveLength(1);
    const missing = await at.cycles({ policyFile: `${file}.none` }).decide(cycle + 2n);
    expect(missing.notes.map(({ code }) => code)).toContain('NO_POLICY');
  });
});
