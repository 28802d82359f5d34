/** One run: requests come, a policy places each, nodes serve them. Discrete events; nothing but the scene, the arrivals and the policy decides. */
import type { Arrivals, Sent } from './arrivals.ts';
import { Events } from './events.ts';
import { CARDS_PER_NODE, PROMPT_SECONDS } from './model.ts';
import { ObservedNode } from './observed.ts';
import type { Policy } from './policies.ts';
import type { Scene } from './scene.ts';

/** What a run came to. */
export interface Run {
  /** Seconds from a request's sending to its first token, and when it was sent; by request. */
  ttft: Float64Array;
  sentAt: Float64Array;
  outputTokens: number;
  /** Seconds from the first sending to the last answer. */
  seconds: number;
  nodes: ObservedNode[];
  /** Share of each node in use over the run, by others and by the service. */
  used: number[];
  /** Requests served outside the city nearest to their user; and by another cloud than the nearest node's. */
  movedCity: number;
  movedCloud: number;
}

type Event =
  | { type: 'send'; sent: Sent }
  | { type: 'join'; node: number; sent: Sent }
  | { type: 'look'; node: number }
  | { type: 'held'; node: number; index: number }
  | { type: 'tick'; what: 'minute' | 'hour' | 'refresh'; every: number };

/** @param refreshSeconds how often dispatchers learn the nodes' state; 0 for always */
export function simulate(scene: Scene, arrivals: Arrivals, policy: Policy, refreshSeconds = 0): Run {
  const { world } = scene;
  const events = new Events<Event>();
  const nodes = scene.nodes.map(({ card, past }) => new ObservedNode(card, past, scene.firstHour));
  const closest = world.rtt.map((row) => row.indexOf(Math.min(...row)));
  const ttft: number[] = [];
  const sentAt: number[] = [];
  /** Round trip of each request that was placed. */
  const ways: number[] = [];
  let [open, last, outputTokens, movedCity, movedCloud] = [0, 0, 0, 0, 0];

  const send = (at: number, sent: Sent | null): void => {
    if (sent === null) return;
    open++;
    events.plan(at, { type: 'send', sent });
  };
  const lookAt = (node: number, at: number | null): void => {
    if (at !== null) events.plan(at, { type: 'look', node });
  };
  const place = (sent: Sent, now: number): void => {
    const rtt = world.rtt[sent.place]!;
    const seen = nodes.map((node, index) => node.seen(rtt[index]!, sent, now, refreshSeconds === 0));
    const chosen = policy(seen, sent);
    sentAt[sent.id] = now;
    ways[sent.id] = rtt[chosen]!;
    nodes[chosen]!.send(sent);
    const near = closest[sent.place]!;
    if (world.cityOf[near] !== world.cityOf[chosen]) movedCity++;
    if (near % 2 !== chosen % 2) movedCloud++;
    events.plan(now + rtt[chosen]! / 2 + PROMPT_SECONDS, { type: 'join', node: chosen, sent });
  };
  const look = (index: number, now: number): void => {
    const node = nodes[index]!;
    const { dueAt } = node.serving;
    // A stretch that was cut short leaves the look at its old end behind.
    if (dueAt > now && dueAt < Infinity) return;
    const { first, finished } = node.serving.advance(now);
    for (const { id } of first) ttft[id] = now - sentAt[id]! + ways[id]! / 2;
    for (const request of finished) {
      node.outstanding--;
      open--;
      outputTokens += request.outputTokens;
      last = Math.max(last, now + ways[request.id]! / 2);
      send(now + ways[request.id]! / 2, arrivals.after(request.id));
    }
    if (node.serving.dueAt < Infinity) lookAt(index, node.serving.dueAt);
  };
  const hold = (node: number, index: number, now: number): void => {
    const { held } = scene.nodes[node]!;
    lookAt(node, nodes[node]!.hold(held[index]!.cards / CARDS_PER_NODE, now));
    const after = held[index + 1];
    if (after !== undefined) events.plan(after.at, { type: 'held', node, index: index + 1 });
  };

  for (const { at, sent } of arrivals.first) send(at, sent);
  for (const [node, { held }] of scene.nodes.entries())
    hold(
      node,
      held.findLastIndex(({ at }) => at <= 0),
      0,
    );
  events.plan(60, { type: 'tick', what: 'minute', every: 60 });
  events.plan(scene.firstHour, { type: 'tick', what: 'hour', every: 3600 });
  if (refreshSeconds > 0) events.plan(0, { type: 'tick', what: 'refresh', every: refreshSeconds });

  while (open > 0) {
    const { at: now, event } = events.next()!;
    switch (event.type) {
      case 'send':
        place(event.sent, now);
        break;
      case 'join':
        lookAt(event.node, nodes[event.node]!.join(event.sent, now));
        break;
      case 'look':
        look(event.node, now);
        break;
      case 'held':
        hold(event.node, event.index, now);
        break;
      case 'tick':
        for (const node of nodes) node[event.what](now);
        events.plan(now + event.every, event);
        break;
    }
  }
  return {
    ttft: Float64Array.from(ttft),
    sentAt: Float64Array.from(sentAt),
    outputTokens,
    seconds: last,
    nodes,
    used: nodes.map((node) => node.usedSeconds(last) / last),
    movedCity,
    movedCloud,
  };
}
