/**
 * A line plot with intervals, as SVG text: what `docs/results/` shows. Of what npm offers, `svg-line-chart` has neither a legend nor
 * intervals nor a release since 2021, and the live ones (ECharts, Vega, Plot) weigh more than this project's own code.
 */
export interface Series {
  name: string;
  /** `low` and `high` bound the interval that is drawn as a whisker. */
  points: readonly { x: number; y: number; low?: number; high?: number }[];
}

export interface Plot {
  title: string;
  xLabel: string;
  yLabel: string;
  series: readonly Series[];
  /** Where the y axis does not fit a linear scale; all values must be above 0 then. */
  logY?: boolean;
}

const WIDTH = 760;
const HEIGHT = 420;
const FRAME = { left: 74, right: 196, top: 44, bottom: 52 };
/** Okabe and Ito's colours, which colour-blind readers tell apart, without the pale yellow. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555'];
const DASHES = ['', '7 4', '2 3', '9 3 2 3'];

/** The plot as a whole SVG document. @throws RangeError on no point, or on 0 and below on a logarithmic axis */
export function linePlot({ title, xLabel, yLabel, series, logY = false }: Plot): string {
  const points = series.flatMap((line) => line.points);
  if (points.length === 0) throw new RangeError(`the plot "${title}" has no point`);
  const heights = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  if (logY && Math.min(...heights) <= 0) throw new RangeError(`"${title}" has values that have no logarithm`);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const yTicks = logY ? decades(Math.min(...heights), Math.max(...heights)) : ticks(heights);
  const onY = (value: number): number => (logY ? Math.log10(value) : value);
  const [bottom, top] = [onY(yTicks[0]!), onY(yTicks.at(-1)!)];
  const [left, right] = [xs[0]!, xs.at(-1)!];
  const x = (value: number): number =>
    round(FRAME.left + ((value - left) / (right - left || 1)) * (WIDTH - FRAME.left - FRAME.right));
  const y = (value: number): number =>
    round(
      HEIGHT -
        FRAME.bottom -
        ((onY(value) - bottom) / (top - bottom || 1)) * (HEIGHT - FRAME.bottom - FRAME.top),
    );
  const end = WIDTH - FRAME.right;
  const xTicks = xs.length <= 10 ? xs : ticks(xs).filter((tick) => tick >= left && tick <= right);

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${FRAME.left}" y="24" font-size="15" font-weight="600">${escape(title)}</text>`,
    ...yTicks.map(
      (tick) =>
        `<line x1="${FRAME.left}" x2="${end}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>` +
        `<text x="${FRAME.left - 8}" y="${y(tick) + 4}" text-anchor="end">${label(tick)}</text>`,
    ),
    ...xTicks.map(
      (tick) => `<text x="${x(tick)}" y="${HEIGHT - 32}" text-anchor="middle">${label(tick)}</text>`,
    ),
    `<text x="${(FRAME.left + end) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(xLabel)}</text>`,
    `<text transform="translate(16 ${(HEIGHT - FRAME.bottom + FRAME.top) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    ...series.map((line, index) => drawn(line, index, x, y)),
    ...series.map(({ name }, index) => legend(name, index)),
    '</svg>',
    '',
  ].join('\n');
}

function drawn(
  { points }: Series,
  index: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length]!;
  const line = points.map((point) => `${x(point.x)},${y(point.y)}`).join(' ');
  const marks = points.map((point) => {
    const whisker =
      point.low === undefined || point.high === undefined
        ? ''
        : `<line x1="${x(point.x)}" x2="${x(point.x)}" y1="${y(point.low)}" y2="${y(point.high)}"/>`;
    return `${whisker}<circle cx="${x(point.x)}" cy="${y(point.y)}" r="2.5" fill="${colour}"/>`;
  });
  return `<g stroke="${colour}" stroke-width="1.8" fill="none"><polyline points="${line}"${dash(index)}/>${marks.join('')}</g>`;
}

function legend(name: string, index: number): string {
  const height = FRAME.top + 14 + index * 20;
  const from = WIDTH - FRAME.right + 14;
  const colour = COLOURS[index % COLOURS.length]!;
  return (
    `<line x1="${from}" x2="${from + 22}" y1="${height - 4}" y2="${height - 4}" stroke="${colour}" stroke-width="2"${dash(index)}/>` +
    `<text x="${from + 28}" y="${height}">${escape(name)}</text>`
  );
}

function dash(index: number): string {
  const pattern = DASHES[index % DASHES.length]!;
  return pattern === '' ? '' : ` stroke-dasharray="${pattern}"`;
}

/** Round values that enclose all of these, five steps or so. */
function ticks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = (high - low || Math.abs(high) || 1) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10);
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step) - first);
  return Array.from({ length: count + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** 1, 2 and 5 of each decade that enclose both. */
function decades(low: number, high: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const factor of [1, 2, 5]) all.push(Number((factor * 10 ** power).toPrecision(1)));
  const from = all.findLastIndex((tick) => tick <= low);
  const to = all.findIndex((tick) => tick >= high);
  return all.slice(from, to + 1);
}

function label(value: number): string {
  return Math.abs(value) >= 10_000 ? `${Number((value / 1000).toPrecision(6))}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
