import { describe, expect, test } from 'vitest';
import { linePlot, type Plot } from '../../bench/plot.ts';

describe('linePlot', () => {
  test('places points by value, the lowest tick at the bottom and the highest at the top', () => {
    const svg = linePlot(
      plotOf([
        { x: 0, y: 0 },
        { x: 10, y: 50 },
      ]),
    );
    expect(svg).toContain('<polyline points="74,368 564,44"');
    expect(svg).toContain('text-anchor="end">50</text>');
  });

  test('draws an interval from low to high and makes room for it', () => {
    const svg = linePlot(
      plotOf([
        { x: 0, y: 5, low: 0, high: 10 },
        { x: 1, y: 5 },
      ]),
    );
    expect(svg).toContain('<line x1="74" x2="74" y1="368" y2="44"/>');
  });

  test('puts equal ratios at equal heights on a logarithmic axis', () => {
    const svg = linePlot({
      ...plotOf([
        { x: 0, y: 1 },
        { x: 1, y: 10 },
        { x: 2, y: 100 },
      ]),
      logY: true,
    });
    expect(svg).toContain('<polyline points="74,368 319,206 564,44"');
    expect(() => linePlot({ ...plotOf([{ x: 0, y: 0 }]), logY: true })).toThrow(RangeError);
  });

  test('is well-formed with any name', () => {
    const svg = linePlot({ ...plotOf([{ x: 1, y: 1 }]), title: 'a < b & c' });
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg.match(/<(?!\/|\?)[a-z]+/g)!.length).toBe(svg.match(/<\/[a-z]+>|\/>/g)!.length);
  });

  test('refuses a plot of nothing', () => {
    expect(() => linePlot(plotOf([]))).toThrow(RangeError);
  });
});

function plotOf(points: Plot['series'][number]['points']): Plot {
  return { title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 's', points }] };
}
