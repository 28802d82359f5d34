/** Who sells, with what and how well: the events of registry, clusters and reputation. */
import { CLUSTER_SUPPLY } from '../clusters.ts';
import type { Cluster } from '../market-state.ts';
import { classId, regionId } from '../names.ts';
import type { Ask } from '../types.ts';
import { known, type Fold } from './arguments.ts';

export const PROVIDERS: Record<string, Fold> = {
  ProviderRegistered: (state, args) => {
    state.providers.set(args.hex('provider'), {
      payout: args.hex('payout'),
      signer: args.hex('signer'),
      metadata: args.text('metadata'),
      stake: args.big('stake'),
      exitAt: null,
    });
  },
  StakeAdded: (state, args) => {
    known(state.providers, args.hex('provider')).stake += args.big('amount');
  },
  StakeSlashed: (state, args) => {
    known(state.providers, args.hex('provider')).stake -= args.big('amount');
  },
  PayoutSet: (state, args) => {
    known(state.providers, args.hex('provider')).payout = args.hex('payout');
  },
  MetadataSet: (state, args) => {
    known(state.providers, args.hex('provider')).metadata = args.text('metadata');
  },
  SignerRotated: (state, args) => {
    known(state.providers, args.hex('provider')).signer = args.hex('signer');
  },
  NodeAdded: (state, args) => {
    const id = args.hex('node');
    state.nodes.set(id, {
      id,
      provider: args.hex('provider'),
      x: args.text('x'),
      y: args.text('y'),
      z: args.text('z'),
      className: args.text('className'),
      resourceClass: classId(args.text('className')),
      region: args.text('region'),
      regionId: regionId(args.text('region')),
      cards: args.int('cards'),
      networkMbps: args.int('networkMbps'),
      storageGb: args.int('storageGb'),
      epoch: 0,
      tier: 0,
      auditor: null,
      clusteredUntil: 0n,
      maintenanceFrom: 0n,
      maintenanceTo: 0n,
    });
  },
  NodeUpdated: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.y = args.text('y');
    node.cards = args.int('cards');
    node.networkMbps = args.int('networkMbps');
    node.storageGb = args.int('storageGb');
  },
  NodeEpochRaised: (state, args) => {
    known(state.nodes, args.hex('node')).epoch = args.int('epoch');
  },
  NodeAttested: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.tier = args.int('tier');
    node.auditor = args.hex('auditor');
  },
  NodeClustered: (state, args) => {
    known(state.nodes, args.hex('node')).clusteredUntil = args.big('until');
  },
  MaintenanceAnnounced: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.maintenanceFrom = args.big('from');
    node.maintenanceTo = args.big('to');
  },
  ClusterFormed: (state, args, event) => {
    const members = event.args.members as Cluster['members'];
    const [id, account] = [args.hex('cluster'), args.hex('account')];
    const ask: Ask = {
      provider: account,
      supply: id,
      supplyKind: CLUSTER_SUPPLY,
      nodeEpoch: 0,
      resourceClass: args.hex('resourceClass'),
      region: args.hex('region'),
      cards: args.int('cards'),
      reservePrice: args.big('reservePrice'),
      validFrom: args.big('validFrom'),
      validUntil: args.big('validUntil'),
      nonce: 0n,
    };
    state.clusters.set(account, { id, askId: args.hex('askId'), ask, members });
  },
  ConsentCancelled: () => undefined,
  /** What it moves is in the vault's `Distributed`. */
  ClusterPaid: () => undefined,
  ReputationChanged: (state, args) => {
    state.outcomes.set(args.hex('provider'), {
      day: args.int('day'),
      good: args.big('good'),
      bad: args.big('bad'),
      newGood: args.big('newGood'),
      newBad: args.big('newBad'),
    });
  },
  UnbondingStarted: (state, args) => {
    known(state.providers, args.hex('provider')).exitAt = args.big('exitAt');
  },
  ProviderExited: (state, args) => {
    known(state.providers, args.hex('provider')).stake = 0n;
  },
};
