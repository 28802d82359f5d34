/** Counts of the API's work, as Prometheus reads them (text format 0.0.4). */
import type { ServerContext } from '../context.ts';

const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];

interface Series {
  count: number;
  sumMs: number;
  buckets: number[];
}

export interface ApiMetrics {
  answered(route: string, status: number, ms: number): void;
  streams(open: number): void;
  text(): string;
}

function createApiMetrics(): ApiMetrics {
  const answers = new Map<string, number>();
  const times = new Map<string, Series>();
  let openStreams = 0;
  return {
    answered(route, status, ms) {
      const key = `route="${route}",status="${status}"`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      let series = times.get(route);
      if (series === undefined)
        times.set(route, (series = { count: 0, sumMs: 0, buckets: BUCKETS_MS.map(() => 0) }));
      series.count += 1;
      series.sumMs += ms;
      for (const [index, limit] of BUCKETS_MS.entries()) if (ms <= limit) series.buckets[index]! += 1;
    },
    streams: (open) => void (openStreams = open),
    text() {
      const lines = ['# TYPE cardhour_api_answers_total counter'];
      for (const [labels, count] of answers) lines.push(`cardhour_api_answers_total{${labels}} ${count}`);
      lines.push('# TYPE cardhour_api_seconds histogram');
      for (const [route, { count, sumMs, buckets }] of times) {
        for (const [index, limit] of BUCKETS_MS.entries())
          lines.push(`cardhour_api_seconds_bucket{route="${route}",le="${limit / 1000}"} ${buckets[index]}`);
        lines.push(`cardhour_api_seconds_bucket{route="${route}",le="+Inf"} ${count}`);
        lines.push(`cardhour_api_seconds_sum{route="${route}"} ${sumMs / 1000}`);
        lines.push(`cardhour_api_seconds_count{route="${route}"} ${count}`);
      }
      lines.push('# TYPE cardhour_api_streams gauge', `cardhour_api_streams ${openStreams}`);
      return `${lines.join('\n')}\n`;
    },
  };
}

const kept = new WeakMap<ServerContext, ApiMetrics>();

/** A server's own counts. */
export function metricsOf(server: ServerContext): ApiMetrics {
  const known = kept.get(server) ?? createApiMetrics();
  kept.set(server, known);
  return known;
}
