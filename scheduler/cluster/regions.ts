/** Regions that are decided one by one: a clustering of thousands of servers is many of dozens, as R_max keeps clusters local. */

/**
 * Groups of about `size` servers that are near each other: each starts with the free server farthest from all starts so far, and takes the
 * nearest free ones. Only distances are asked, about servers × regions of them.
 */
export function splitRegions(
  servers: number,
  size: number,
  distance: (a: number, b: number) => number,
): number[][] {
  const count = Math.max(1, Math.round(servers / size));
  if (count === 1) return [Array.from({ length: servers }, (_, i) => i)];
  const starts = scatteredStarts(servers, count, distance);
  // Every server goes to the nearest start that has room, those first that have most to lose by another.
  const room = Math.ceil((servers / count) * 1.25);
  const away = Array.from({ length: servers }, (_, i) => starts.map((start) => distance(start, i)));
  const near = away.map((row) => row.reduce((best, value, r) => (value < row[best]! ? r : best), 0));
  const order = Array.from({ length: servers }, (_, i) => i).sort(
    (a, b) => away[a]![near[a]!]! - away[b]![near[b]!]! || a - b,
  );
  const regions: number[][] = starts.map(() => []);
  for (const i of order) {
    let chosen = -1;
    for (let r = 0; r < count; r++)
      if (regions[r]!.length < room && (chosen < 0 || away[i]![r]! < away[i]![chosen]!)) chosen = r;
    regions[chosen]!.push(i);
  }
  return regions.filter((region) => region.length > 0).map((region) => region.sort((a, b) => a - b));
}

function scatteredStarts(
  servers: number,
  count: number,
  distance: (a: number, b: number) => number,
): number[] {
  const starts = [0];
  const nearest = Float64Array.from({ length: servers }, (_, i) => distance(0, i));
  while (starts.length < count) {
    let next = 0;
    for (let i = 1; i < servers; i++) if (nearest[i]! > nearest[next]!) next = i;
    starts.push(next);
    for (let i = 0; i < servers; i++) nearest[i] = Math.min(nearest[i]!, distance(next, i));
  }
  return starts;
}
