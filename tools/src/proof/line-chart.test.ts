import { chooseStep, type LineChart, renderCount, renderLineChart, type Series } from './line-chart';

const SERIES: Series = { label: 'calls', color: '#0072b2', width: 2, counts: [1, 2, 3] };
const CHART: LineChart = {
  title: 'A title',
  subtitle: 'A subtitle',
  description: 'A description',
  unit: 'calls per second',
  note: 'A note',
  series: [SERIES],
  band: { fromSecond: 1, toSecond: 2, label: 'down' },
  mark: { value: 2, label: 'capacity' },
};

const pathsOf = (svg: string) => [...svg.matchAll(/<path d="([^"]*)"/g)].map(([, path]) => path);

describe('a line chart', () => {
  it('is the same bytes for the same figures', () => {
    expect(renderLineChart(CHART)).toBe(renderLineChart(structuredClone(CHART)));
  });

  it('holds each count for its whole second, from edge to edge of the area', () => {
    // Three seconds across 806 px; three steps of 1 up 248 px.
    expect(pathsOf(renderLineChart(CHART)).at(-1)).toBe('M70 301.33V301.33H338.67V218.67H607.33V136H876');
  });

  it.each([
    ['no counts at all', []],
    ['nothing but zeros', [0, 0, 0]],
    ['a single count', [1]],
  ])('draws %s without a coordinate that is none', (_, counts) => {
    const chart = { ...CHART, series: [{ ...SERIES, counts }], mark: { value: 0, label: 'none' } };
    expect(renderLineChart(chart)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('refuses a count that is no number', () => {
    expect(() => renderLineChart({ ...CHART, mark: { value: Number.NaN, label: '' } })).toThrow(RangeError);
  });

  it('writes text as text', () => {
    const svg = renderLineChart({ ...CHART, title: '<b> & "c"' });
    expect(svg).toContain('>&lt;b&gt; &amp; "c"</text>');
    expect(svg).not.toContain('<b>');
  });

  it('brings its own background, sans-serif font and no text below 12 px', () => {
    const svg = renderLineChart(CHART);
    expect(svg).toContain('fill="#ffffff"');
    expect(svg).toMatch(/^<svg[^>]* font-family="[^"]*sans-serif"/);
    const sizes = [...svg.matchAll(/font-size="(\d+)"/g)].map(([, size]) => Number(size));
    expect(Math.min(...sizes)).toBe(12);
  });

  it.each([
    [0, 1],
    [7, 1],
    [8, 2],
    [14, 2],
    [15, 5],
    [5138, 1000],
    [7001, 2000],
  ])('divides an axis up to %i by steps of %i', (highest, step) => {
    expect(chooseStep(highest)).toBe(step);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 000'],
    [1234567.8, '1 234 568'],
  ])('writes %d as %s', (count, text) => {
    expect(renderCount(count)).toBe(text);
  });
});
