import { describe, expect, test } from 'vitest';
import { drawTasks, joinTasks, reorderTasks, takeTasks, zoneRates } from '../../../domain/dcat/arrivals.ts';
import { kMeans } from '../../../domain/dcat/baselines.ts';
import { tasksOfHistory } from '../../../domain/dcat/history.ts';
import { clustersOf, singles } from '../../../domain/dcat/partition.ts';
import { placesOf } from '../../../domain/dcat/places.ts';
import { inverseExponential, stream } from '../../../domain/dcat/random.ts';
import { CALIBRATED, PAPER, unitCost, unitFee } from '../../../domain/dcat/settings.ts';
import { simulate } from '../../../domain/dcat/simulate.ts';
import { serverUtilities } from '../../../domain/dcat/utilities.ts';
import { subWorld } from '../../../domain/dcat/world.ts';
import { setup } from './setup.ts';

describe('the environment', () => {
  test('calibrated cost is 40% of the fee on average, the paper’s is next to nothing', () => {
    const random = stream(1);
    const shares = { paper: 0, calibrated: 0 };
    for (let n = 0; n < 20_000; n++)
      for (const settings of [PAPER, CALIBRATED]) {
        const fee = unitFee(settings, random.between(...settings.deadline));
        shares[settings.name] += unitCost(settings, random.between(...settings.power)) / fee / 20_000;
      }
    expect(shares.calibrated).toBeGreaterThan(0.395);
    expect(shares.calibrated).toBeLessThan(0.41);
    expect(shares.paper).toBeLessThan(0.006);
  });

  test('arrivals have the rates of their zones', () => {
    const { world } = setup({ arrivals: 40, slotsPerCycle: 400 }, 6);
    const tasks = drawTasks(world, 6, 5);
    expect(tasks.count / 400).toBeCloseTo(40, -0.5);
    const rates = zoneRates(world, 5);
    expect(rates.reduce((a, b) => a + b)).toBeCloseTo(40, 9);
    const counts = new Float64Array(world.zones);
    tasks.zone.forEach((zone) => counts[zone]!++);
    const busiest = rates.indexOf(Math.max(...rates));
    expect(counts[busiest]! / 400 / rates[busiest]!).toBeGreaterThan(0.8);
    expect(counts[busiest]! / 400 / rates[busiest]!).toBeLessThan(1.2);
  });

  test('arrivals of a history become the tasks that they were, and what cannot be reckoned with is counted', () => {
    const { world, tasks } = setup({ servers: 6 }, 12);
    const { slotSeconds } = world.settings;
    const arrivals = Array.from({ length: tasks.count }, (_, n) => ({
      at: 1000 + slotSeconds * (tasks.slotStart.findIndex((start) => start > n) - 1) + (n % 7) * 1e-3,
      zone: tasks.zone[n]!,
      work: tasks.work[n]!,
      data: tasks.data[n]!,
      deadline: tasks.deadline[n]!,
    }));
    const bad = [
      { ...arrivals[0]!, work: NaN },
      { ...arrivals[0]!, zone: -1 },
      { ...arrivals[0]!, deadline: 0 },
      { ...arrivals[0]!, at: 999 },
      { ...arrivals[0]!, at: 1000 + slotSeconds * tasks.slots },
    ];
    const read = tasksOfHistory(world.settings, [...bad, ...arrivals].reverse(), {
      start: 1000,
      slots: tasks.slots,
      seed: 1,
    });
    expect(read.leftOut).toBe(bad.length);
    expect([...read.tasks.slotStart]).toEqual([...tasks.slotStart]);
    expect([...read.tasks.work].sort()).toEqual([...tasks.work].sort());
    for (let n = 0; n < tasks.count; n++)
      expect(read.tasks.unitFee[n]).toBe(unitFee(world.settings, read.tasks.deadline[n]!));
    expect(tasksOfHistory(world.settings, [], { start: 0, slots: 3, seed: 1 }).tasks.count).toBe(0);
  });

  test('e^-x without Math.exp', () => {
    for (let x = 0; x <= 32; x += 0.37) expect(inverseExponential(x) / Math.exp(-x)).toBeCloseTo(1, 12);
  });

  test('delays lie within what Table I allows', () => {
    const { world } = setup({}, 3);
    const { bandwidth, mostHops, linkLength, propagation } = world.settings;
    world.perMegabit.forEach((seconds, at) => {
      const hops = Math.round((world.propagation[at]! * propagation) / linkLength);
      expect(hops).toBeGreaterThanOrEqual(1);
      if (hops > mostHops) expect(seconds).toBe(Infinity);
      else {
        expect(seconds).toBeGreaterThanOrEqual(hops / bandwidth[1]);
        expect(seconds).toBeLessThanOrEqual(hops / bandwidth[0]);
      }
    });
  });

  test('tasks are joined, taken and put in another order within their slots', () => {
    const { world } = setup({ slotsPerCycle: 5 }, 8);
    const [first, second] = [drawTasks(world, 8, 0), drawTasks(world, 8, 1)];
    const joined = joinTasks([first, second]);
    expect(joined.slots).toBe(10);
    const indices = Array.from({ length: second.count }, (_, n) => first.count + n);
    const taken = takeTasks(joined, indices);
    expect([...taken.work]).toEqual([...second.work]);
    expect([...taken.slotStart.slice(5)]).toEqual([...second.slotStart]);
    const sorted = reorderTasks(first, (n) => first.work[n]!);
    for (let slot = 0; slot < 5; slot++) {
      const own = sorted.work.slice(sorted.slotStart[slot], sorted.slotStart[slot + 1]);
      expect([...own]).toEqual([...own].sort((a, b) => b - a));
    }
    expect([...sorted.work].sort()).toEqual([...first.work].sort());
  });

  test('servers together have what was paid less what it cost', () => {
    const { world, tasks } = setup({ servers: 18 }, 9);
    const partition = kMeans(world, 4, 9);
    const outcome = simulate(world, tasks, partition, 'rea');
    const utilities = serverUtilities(world, tasks, partition, outcome);
    let paid = 0;
    let cost = 0;
    for (let n = 0; n < tasks.count; n++) {
      const name = outcome.ledger.winner[n]!;
      if (name < 0) continue;
      paid += outcome.ledger.payment[n]!;
      const members = clustersOf(partition).find(([first]) => first === name)!;
      const power = members.reduce((sum, i) => sum + world.power[i]!, 0);
      for (const i of members) cost += (world.unitCost[i]! * tasks.work[n]! * world.power[i]!) / power;
    }
    expect(utilities.reduce((a, b) => a + b)).toBeCloseTo(paid - cost, 4);
    expect(Math.min(...utilities)).toBeGreaterThanOrEqual(0);
  });

  test('a part of a world is the world without the others', () => {
    const { world, tasks } = setup({ servers: 9 }, 10);
    const stay = [0, 2, 3, 7];
    const part = subWorld(world, stay);
    const alone = simulate(part, tasks, singles(4), 'rea');
    expect(part.power[3]).toBe(world.power[7]);
    expect(part.distance[1 * 4 + 2]).toBe(world.distance[2 * 9 + 3]);
    expect(alone.profit).toBeLessThanOrEqual(simulate(world, tasks, singles(9), 'rea').profit * 1.01);
  });

  test('places of a plane are found from distances alone', () => {
    const { world } = setup({ servers: 15 }, 11);
    const { x, y } = placesOf(world.distance, 15);
    for (let i = 0; i < 15; i++)
      for (let j = 0; j < i; j++)
        expect(Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!)).toBeCloseTo(world.distance[i * 15 + j]!, 0);
  });
});
