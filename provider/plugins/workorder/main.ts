/** The work-order plugin: leases that a person provisions, by orders at the gateway, which remembers all of them. */
import type { WorkOrder } from '../../../domain/work-order.ts';
import { PluginError } from '../../plugin/errors.ts';
import { isOver, type LeaseStatus, type PluginLease } from '../../plugin/protocol.ts';
import { serve } from '../../plugin/serve.ts';
import { pageOf } from '../../plugin/pages.ts';
import { openDesk, type Desk } from './desk.ts';
import { readKey, readWorkOrderSettings, type WorkOrderSettings } from './settings.ts';
import { logOf, statusOf } from './status.ts';

/** A list that is younger answers for the next question: `list` asks for each lease's status. */
const FRESH_MS = 500;

serve({ name: 'workorder', version: '1.0.0' }, (output) => {
  let desk: Desk;
  let settings: WorkOrderSettings;
  let known = new Map<string, WorkOrder>();
  let readAt = 0;

  /** Looks at the desk, and tells what changed since the last look. */
  const look = async (maxAgeMs = 0): Promise<Map<string, WorkOrder>> => {
    if (Date.now() - readAt <= maxAgeMs) return known;
    const orders = await desk.ask({ action: 'list' });
    const before = known;
    known = new Map(orders.map((order) => [order.order, order]));
    readAt = Date.now();
    for (const [id, order] of known) {
      const old = before.get(id);
      if (old && !order.released && old.state !== order.state) output.changed(statusOf(order));
    }
    return known;
  };

  const orderOf = async (id: string): Promise<WorkOrder> => {
    const order = (await look(FRESH_MS)).get(id) ?? (await look()).get(id);
    if (!order || order.released) throw new PluginError('UNKNOWN_LEASE', `This pool knows no lease ${id}.`);
    return order;
  };

  const act = async (action: 'close' | 'forget', order: string): Promise<LeaseStatus> => {
    const [changed] = await desk.ask({ action, order });
    readAt = 0;
    if (!changed) throw new PluginError('INTERNAL', 'The gateway answered without the order.');
    return statusOf(changed);
  };

  const start = async ({ id, node, command, limits, image }: PluginLease): Promise<LeaseStatus> => {
    const count = settings.cards[node.class] ?? 0;
    if (limits.cards > count)
      throw new PluginError(
        'REFUSED',
        `This pool has ${count} cards of ${node.class}, ${limits.cards} are wanted.`,
      );
    if (image !== undefined) throw new PluginError('REFUSED', 'This pool takes commands, no images.');
    const orders = await look();
    const before = orders.get(id);
    if (before && !before.released) return statusOf(before);
    const free = count - heldOf(orders, node.class);
    if (limits.cards > free)
      throw new PluginError(
        'NO_CAPACITY',
        `${free} cards of ${node.class} are free, ${limits.cards} are wanted.`,
      );
    const deadline = Math.floor(Date.now() / 1_000) + settings.provisionWithinSeconds;
    // Its environment is not told: what is secret in it is for a machine, not for a person.
    const terms = { class: node.class, cards: limits.cards, seconds: limits.seconds, command, deadline };
    const [placed] = await desk.ask({ action: 'place', order: id, terms });
    if (!placed) throw new PluginError('INTERNAL', 'The gateway answered without the order.');
    known.set(id, placed);
    return statusOf(placed);
  };

  return {
    async initialize(params) {
      settings = readWorkOrderSettings(params.settings);
      desk = openDesk(settings, readKey(settings), params.pool);
      await look();
      setInterval(
        () => void look().catch((error: unknown) => console.error((error as Error).message)),
        settings.pollSeconds * 1_000,
      );
      return {
        isolation: 'person',
        workloads: ['command'],
        survives: true,
        limits: ['cards', 'seconds'],
        usage: ['cards'],
        features: [],
      };
    },
    async inventory() {
      const orders = await look(FRESH_MS);
      return {
        cards: Object.entries(settings.cards).map(([name, count]) => ({
          class: name,
          count,
          free: Math.max(0, count - heldOf(orders, name)),
        })),
      };
    },
    start: ({ lease }) => start(lease),
    async stop({ id }) {
      const now = statusOf(await orderOf(id));
      return isOver(now.state) ? now : act('close', id);
    },
    status: async ({ id }) => statusOf(await orderOf(id)),
    async list({ after }) {
      const orders = await look();
      const ids = [...orders.values()].filter(({ released }) => !released).map(({ order }) => order);
      return pageOf(ids.sort(), after, (id) => orderOf(id).then(statusOf));
    },
    async logs({ id, offset, limit }) {
      const order = await orderOf(id);
      const bytes = Buffer.from(logOf(order)).subarray(offset, offset + limit);
      return {
        base64: bytes.toString('base64'),
        complete: isOver(statusOf(order).state) && bytes.length < limit,
      };
    },
    async usage({ id }) {
      const { cards, provisionedAt, endedAt } = await orderOf(id);
      const held = provisionedAt === null ? 0 : (endedAt ?? Math.floor(Date.now() / 1_000)) - provisionedAt;
      return { cardMs: cards * Math.max(0, held) * 1_000 };
    },
    async release({ id }) {
      const order = (await look()).get(id);
      if (!order || order.released) return {};
      if (!isOver(statusOf(order).state))
        throw new PluginError('STILL_RUNNING', `The order ${id} is ${order.state}.`);
      await act('forget', id);
      return {};
    },
    async health() {
      return look().then(
        () => ({ ok: true }),
        (error: unknown) => ({ ok: false, notes: [(error as Error).message] }),
      );
    },
    shutdown: async () => undefined,
  };
});

/** Cards whose access somebody has, or is about to get: also those that the person is still to take back. */
function heldOf(orders: Map<string, WorkOrder>, className: string): number {
  return [...orders.values()]
    .filter((order) => order.class === className && ['open', 'provisioned', 'closing'].includes(order.state))
    .reduce((sum, order) => sum + order.cards, 0);
}
