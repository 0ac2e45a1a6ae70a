import { renderElement, renderText, roundCoordinate } from './svg';

/** What is drawn: counts of whole seconds, as steps. */
export interface LineChart {
  readonly title: string;
  readonly subtitle: string;
  /** What a screen reader is told. */
  readonly description: string;
  /** What the vertical axis counts, with its unit. */
  readonly unit: string;
  /** What the figures in the legend mean. */
  readonly note: string;
  readonly series: readonly Series[];
  /** A stretch of time that is shaded. */
  readonly band: { readonly fromSecond: number; readonly toSecond: number; readonly label: string };
  /** A height that is marked all along. */
  readonly mark: { readonly value: number; readonly label: string };
}

/** The first is drawn first, so that the last lies on top. */
export interface Series {
  readonly label: string;
  readonly color: string;
  readonly width: number;
  /** Lengths of dash and gap, in pixels. */
  readonly dash?: string;
  /** One count for each second from 0. */
  readonly counts: readonly number[];
}

const WIDTH = 900;
const HEIGHT = 440;
/** Where text that is not part of the drawing begins. */
const LEFT = 24;
/** Where the lines are drawn. */
const AREA = Object.freeze({ left: 70, right: 876, top: 136, bottom: 384 });
const LEGEND = Object.freeze({ top: 78, rowHeight: 22, columns: [LEFT, 466] as const, swatch: 28 });
// Set by itself: GitHub shows an image on a light or a dark page, and knows nothing of its colours.
const COLORS = Object.freeze({
  background: '#ffffff',
  border: '#d0d7de',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e4e8ec',
  band: '#f3ecdf',
});
const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif';
const MAX_TICKS = 7;

/** Renders the chart as an SVG document. The same chart gives the same bytes. */
export function renderLineChart(chart: LineChart): string {
  const seconds = Math.max(1, ...chart.series.map(({ counts }) => counts.length));
  const highest = Math.max(chart.mark.value, ...chart.series.flatMap(({ counts }) => counts));
  const step = chooseStep(highest);
  const scale: Scale = {
    x: (second) => AREA.left + (second / seconds) * (AREA.right - AREA.left),
    y: (count) => AREA.bottom - (count / (step * Math.ceil(highest / step || 1))) * (AREA.bottom - AREA.top),
  };
  return `${renderElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height: HEIGHT,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-labelledby': 'title description',
      'font-family': FONT,
      'font-size': 13,
      fill: COLORS.text,
    },
    renderText('title', { id: 'title' }, chart.title),
    renderText('desc', { id: 'description' }, chart.description),
    ...renderFrame(chart),
    ...renderLegend(chart.series),
    ...renderBand(chart.band, scale),
    ...renderAxes(seconds, highest, step, scale),
    ...renderCaptions(chart),
    ...renderMark(chart.mark, scale),
    ...chart.series.map((series) => renderSeries(series, scale)),
  )}\n`;
}

interface Scale {
  x(second: number): number;
  y(count: number): number;
}

/** The smallest of 1, 2, 5, 10, 20 … that takes no more than `MAX_TICKS` steps up to the value. */
export function chooseStep(highest: number): number {
  if (!Number.isFinite(highest)) throw new RangeError(`A count must be a finite number, but is ${highest}`);
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [1, 2, 5]) {
      if (unit * factor * MAX_TICKS >= highest) return unit * factor;
    }
  }
}

function renderFrame({ title, subtitle }: LineChart): string[] {
  return [
    // Half a pixel in, so that the border is one sharp pixel.
    renderElement('rect', {
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: HEIGHT - 1,
      rx: 6,
      fill: COLORS.background,
      stroke: COLORS.border,
    }),
    renderText('text', { x: LEFT, y: 34, 'font-size': 17, 'font-weight': 600 }, title),
    renderText('text', { x: LEFT, y: 56, fill: COLORS.muted }, subtitle),
  ];
}

/** In two columns, from left to right and then down. */
function renderLegend(series: readonly Series[]): string[] {
  const { top, rowHeight, columns, swatch } = LEGEND;
  return series.flatMap(({ label, ...line }, at) => {
    const x = columns[at % 2 === 0 ? 0 : 1];
    const y = top + rowHeight * Math.floor(at / 2);
    return [
      renderElement('path', { d: `M${x} ${y}h${swatch}`, ...readStroke(line) }),
      renderText('text', { x: x + swatch + 8, y: y + 4.5 }, label),
    ];
  });
}

function renderBand({ fromSecond, toSecond, label }: LineChart['band'], { x }: Scale): string[] {
  return [
    renderElement('rect', {
      x: x(fromSecond),
      y: AREA.top,
      width: x(toSecond) - x(fromSecond),
      height: AREA.bottom - AREA.top,
      fill: COLORS.band,
    }),
    renderText(
      'text',
      { x: (x(fromSecond) + x(toSecond)) / 2, y: AREA.top + 18, 'text-anchor': 'middle', fill: COLORS.muted },
      label,
    ),
  ];
}

function renderAxes(seconds: number, highest: number, step: number, { x, y }: Scale): string[] {
  const counts = list(0, step * Math.ceil(highest / step || 1), step);
  const times = list(0, seconds, chooseStep(seconds / 2));
  const tick = { 'font-size': 12, fill: COLORS.muted };
  return [
    ...counts.map((count) =>
      renderElement('path', {
        d: `M${AREA.left} ${roundCoordinate(y(count))}H${AREA.right}`,
        stroke: count === 0 ? COLORS.muted : COLORS.grid,
      }),
    ),
    ...counts.map((count) =>
      renderText(
        'text',
        { x: AREA.left - 10, y: y(count) + 4, 'text-anchor': 'end', ...tick },
        renderCount(count),
      ),
    ),
    ...times.map((second) =>
      renderText(
        'text',
        { x: x(second), y: AREA.bottom + 20, 'text-anchor': 'middle', ...tick },
        String(second),
      ),
    ),
  ];
}

function renderCaptions({ unit, note }: LineChart): string[] {
  const caption = { 'font-size': 12, fill: COLORS.muted };
  return [
    renderText('text', { x: LEFT, y: AREA.top - 12, ...caption }, unit),
    renderText('text', { x: AREA.right, y: AREA.top - 12, 'text-anchor': 'end', ...caption }, note),
    renderText(
      'text',
      { x: (AREA.left + AREA.right) / 2, y: AREA.bottom + 42, 'text-anchor': 'middle', ...caption },
      'seconds',
    ),
  ];
}

function renderMark({ value, label }: LineChart['mark'], { y }: Scale): string[] {
  const height = roundCoordinate(y(value));
  return [
    renderElement('path', {
      d: `M${AREA.left} ${height}H${AREA.right}`,
      stroke: COLORS.muted,
      'stroke-dasharray': '1 4',
      'stroke-linecap': 'round',
    }),
    renderText(
      'text',
      { x: AREA.right - 4, y: height - 6, 'text-anchor': 'end', 'font-size': 12, fill: COLORS.muted },
      label,
    ),
  ];
}

/** A count holds for its whole second. */
function renderSeries({ counts, ...line }: Series, { x, y }: Scale): string {
  const steps = counts.map(
    (count, second) => `V${roundCoordinate(y(count))}H${roundCoordinate(x(second + 1))}`,
  );
  const start = `M${AREA.left} ${roundCoordinate(y(counts[0] ?? 0))}`;
  return renderElement('path', { d: start + steps.join(''), ...readStroke(line) });
}

function readStroke({
  color,
  width,
  dash,
}: Omit<Series, 'label' | 'counts'>): Record<string, string | number> {
  return {
    fill: 'none',
    stroke: color,
    'stroke-width': width,
    'stroke-linejoin': 'round',
    ...(dash === undefined ? {} : { 'stroke-dasharray': dash }),
  };
}

function list(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

/** Whole numbers with a space between thousands. */
export function renderCount(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}
