/** What an agent does about clusters by itself: pings, terms, whose leases it runs. */
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { runnerOf } from '../../domain/clusters.ts';
import { keccakText } from '../../domain/hash.ts';
import { distanceOf } from '../../domain/latency.ts';
import type { Hex } from '../../domain/types.ts';
import { readClusterConfig } from '../../provider/cluster/config.ts';
import { openPinger, type Pinger } from '../../provider/cluster/ping.ts';
import { judgeProposal, type ClusterTerms, type Proposal } from '../../provider/cluster/terms.ts';
import { applyEvent, emptyLedger, leasedCards } from '../../provider/ledger.ts';

const open: Pinger[] = [];
afterEach(() => {
  for (const pinger of open.splice(0)) pinger.close();
});
async function pinger(): Promise<Pinger> {
  const made = await openPinger('127.0.0.1', 0);
  open.push(made);
  return made;
}

describe('pings', () => {
  test('takeTime_andFindWhoAnswers', async () => {
    const [one, other] = [await pinger(), await pinger()];
    const micros = await one.ping('127.0.0.1', other.port);
    expect(micros).toBeGreaterThan(0);
    // Itself, too: two nodes of one provider.
    expect(await one.ping('127.0.0.1', one.port)).toBeGreaterThan(0);
  });

  test('ofSomebodySilent_orWhoAnswersSomethingElse_areLost', async () => {
    const one = await pinger();
    const liar = createSocket('udp4');
    // Answers before it could know what was asked: a nonce of its own.
    liar.on('message', (_, from) => liar.send(Buffer.alloc(20, 'CHR1'), from.port, from.address));
    await new Promise<void>((resolve) => liar.bind(0, '127.0.0.1', resolve));
    expect(await one.ping('127.0.0.1', liar.address().port)).toBeNull();
    liar.close();
    const gone = await pinger();
    open.pop();
    gone.close();
    expect(await one.ping('127.0.0.1', gone.port)).toBeNull();
  });

  test('answersAreNoLongerThanQuestions_andOtherBytesGetNone', async () => {
    const one = await pinger();
    const asker = createSocket('udp4');
    const heard: Buffer[] = [];
    asker.on('message', (message) => heard.push(message));
    await new Promise<void>((resolve) => asker.bind(0, '127.0.0.1', resolve));
    for (const bytes of [Buffer.from('CHP1'), Buffer.alloc(21, 'CHP1'), Buffer.alloc(20, 'GET ')])
      asker.send(bytes, one.port, '127.0.0.1');
    const good = Buffer.concat([Buffer.from('CHP1'), Buffer.alloc(16, 7)]);
    asker.send(good, one.port, '127.0.0.1');
    await expect.poll(() => heard.length).toBe(1);
    expect(heard[0]).toEqual(Buffer.concat([Buffer.from('CHR1'), Buffer.alloc(16, 7)]));
    asker.close();
  });
});

describe('a distance', () => {
  test('needsBothSides_andIsTheLargerMedian', () => {
    expect(distanceOf([500, 510, 90_000], [700, 690, 705])).toBe(700);
    expect(distanceOf([1, 1, 1], [700, 690, 705])).toBe(700);
    expect(distanceOf([500, 510, 520], [])).toBe(Infinity);
    expect(distanceOf([500, 510], [700, 690, 705])).toBe(Infinity);
  });
});

describe('terms', () => {
  const node = (name: string): Hex => keccakText(name);
  const members = ['a', 'b']
    .map((name): Proposal['members'][number] => ({
      ...{ node: node(name), provider: '0x01', power: 4n, cards: 4, alone: 100n, together: 110n },
    }))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
  const proposal: Proposal = {
    ...{ id: node('p'), className: 'L4-24G', consentBy: 130n, validFrom: 150n, validUntil: 300n, members },
  };
  const terms: ClusterTerms = { classes: ['L4-24G'], longestCycle: 600, mostMembers: 8, gainBps: 0 };
  const standing = { freeCards: 4, reserve: 5n };
  const judge = (
    change: Partial<Proposal> = {},
    limits: Partial<ClusterTerms> = {},
    free: Partial<typeof standing> = {},
  ) =>
    judgeProposal(
      { ...proposal, ...change },
      node('a'),
      { ...standing, ...free },
      { ...terms, ...limits },
      100n,
    );

  test('consent_whenItEarnsNoLess', () => {
    expect(judge()).toEqual({ cards: 4, reserve: 5n });
    expect(judge({}, {}, { freeCards: 3 })).toEqual({ cards: 3, reserve: 5n });
    const worse = members.map((member) => ({ ...member, together: 99n }));
    expect(judge({ members: worse })).toEqual({ reason: 'It would earn 99, and 100 alone.' });
    expect(judge({}, { gainBps: 1_000 })).toHaveProperty('cards');
    expect(judge({}, { gainBps: 1_001 })).toHaveProperty('reason');
  });

  test.each([
    ['another class', judge({}, { classes: ['H100-SXM-80G'] })],
    ['too large', judge({ members: [...members, ...members] }, { mostMembers: 3 })],
    ['too long', judge({ validUntil: 701n })],
    ['too late', judge({ consentBy: 99n })],
    ['begun', judge({ validFrom: 100n })],
    ['no card free', judge({}, {}, { freeCards: 0 })],
    ['without the node', judge({ members: members.filter((member) => member.node !== node('a')) })],
    ['out of order', judge({ members: [...members].reverse() })],
  ])('declines %s', (_, verdict) => {
    expect(verdict).toHaveProperty('reason');
  });

  test('areReadFromTheEnvironment_orRefused', () => {
    expect(readClusterConfig({})).toBeNull();
    expect(readClusterConfig({ CLUSTERS: '{"gainBps": 50}' })).toMatchObject({
      terms: { gainBps: 50, classes: null, mostMembers: 16 },
      host: '127.0.0.1',
    });
    for (const CLUSTERS of ['yes', '[]', '{"mostMembers": 17}', '{"unknown": 1}'])
      expect(() => readClusterConfig({ CLUSTERS })).toThrow('CLUSTERS is unreadable');
  });
});

describe('leases of a cluster', () => {
  test('areDrawnByPower_andExactlyOneMemberRunsEach', () => {
    const cluster: { id: Hex; account: Hex; members: { power: bigint; provider: Hex; node: Hex }[] } = {
      id: keccakText('cluster'),
      account: `0x${keccakText('cluster').slice(26)}`,
      members: [1n, 3n].map((power, at) => ({
        power,
        provider: `0x${String(at + 1).padStart(40, '0')}`,
        node: keccakText(`node ${at}`),
      })),
    };
    const drawn = [0, 0];
    for (let id = 0n; id < 4_000n; id++) drawn[cluster.members.indexOf(runnerOf(cluster, id))]!++;
    expect(drawn[0]! / 4_000).toBeCloseTo(0.25, 1);
    const ledgers = cluster.members.map(({ provider, node }) => {
      const ledger = emptyLedger();
      const send = (name: string, args: Record<string, unknown>): void =>
        applyEvent(ledger, provider, { name, args, blockNumber: 1n, logIndex: 0 });
      const own = { provider, node, className: 'L4-24G', region: 'eu-west', cards: 8 };
      send('NodeAdded', own);
      send('ClusterFormed', {
        ...{ cluster: cluster.id, account: cluster.account, validUntil: 1_000n, members: cluster.members },
      });
      send('NodeClustered', { node, cluster: cluster.id, until: 1_000 });
      expect(ledger.nodes[0]!.clusteredUntil).toBe(1_000n);
      return { ledger, node, send };
    });
    expect(ledgers.map(({ ledger, node }) => leasedCards(ledger, node, 0n))).toEqual([0, 0]);
    expect(ledgers.map(({ ledger }) => ledger.clusters!.length)).toEqual([1, 1]);
  });
});
