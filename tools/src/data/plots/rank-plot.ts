import { renderCount } from '../../proof/line-chart';
import { renderElement, renderText, roundCoordinate } from '../../proof/svg';
import { COLORS, type PlotTexts, RIGHT, renderKey, renderPlotFrame, renderShare, SMALL, TOP } from './frame';

/** A point of a curve over ranks or sizes, both from 1. */
export type Point = readonly [at: number, value: number];

/** Both axes are logarithmic: a power law is a straight line. */
export interface RankPlot extends PlotTexts {
  /** What the horizontal axis counts. */
  readonly axis: string;
  /** What a point is. */
  readonly generatedKey: string;
  readonly generated: readonly Point[];
  readonly modelKey?: string;
  readonly model?: readonly Point[];
  /** Default `count`. */
  readonly values?: 'count' | 'share';
}

const HEIGHT = 340;
const AREA = Object.freeze({ left: 78, right: RIGHT - 10, top: TOP + 20, bottom: HEIGHT - 52 });
/** Points that are drawn of each tenfold of ranks; more would lie on top of each other. */
const POINTS_PER_DECADE = 16;

export function renderRankPlot(plot: RankPlot): string {
  const { generated, model = [], values = 'count' } = plot;
  const drawn = [...generated, ...model].filter(([, value]) => value > 0);
  const xDecades = Math.max(1, ceilLog(Math.max(...drawn.map(([at]) => at))));
  const highest = ceilLog(Math.max(...drawn.map(([, value]) => value)));
  const lowest = Math.min(highest - 1, floorLog(Math.min(...generated.map(([, value]) => value))));
  const x = (at: number): number => AREA.left + ((AREA.right - AREA.left) * Math.log10(at)) / xDecades;
  const y = (value: number): number =>
    AREA.bottom - ((AREA.bottom - AREA.top) * (Math.log10(value) - lowest)) / (highest - lowest);
  const renderValue = values === 'share' ? renderShare : renderCount;
  const line = model.filter(([, value]) => value >= 10 ** lowest);
  return renderPlotFrame(plot, HEIGHT, [
    ...renderKey(TOP, plot.generatedKey, plot.modelKey),
    ...listDecades(0, xDecades).flatMap((decade) => [
      renderElement('path', {
        d: `M${roundCoordinate(x(10 ** decade))} ${AREA.top}V${AREA.bottom}`,
        stroke: COLORS.grid,
      }),
      renderText(
        'text',
        { x: x(10 ** decade), y: AREA.bottom + 18, 'text-anchor': 'middle', ...SMALL },
        renderCount(10 ** decade),
      ),
    ]),
    ...listDecades(lowest, highest).flatMap((decade) => [
      renderElement('path', {
        d: `M${AREA.left} ${roundCoordinate(y(10 ** decade))}H${AREA.right}`,
        stroke: COLORS.grid,
      }),
      renderText(
        'text',
        { x: AREA.left - 8, y: y(10 ** decade) + 4, 'text-anchor': 'end', ...SMALL },
        renderValue(10 ** decade),
      ),
    ]),
    ...generated.map(([at, value]) =>
      renderElement('circle', { cx: x(at), cy: y(value), r: 2.4, fill: COLORS.generated }),
    ),
    ...(line.length === 0 ? [] : [renderLine(line.map(([at, value]) => [x(at), y(value)]))]),
    renderText(
      'text',
      { x: (AREA.left + AREA.right) / 2, y: HEIGHT - 14, 'text-anchor': 'middle', ...SMALL },
      plot.axis,
    ),
  ]);
}

/** The ranks of which a point is drawn: all of the first, and then evenly by their logarithms. */
export function listDrawnRanks(highest: number): readonly number[] {
  const ranks = new Set<number>();
  for (let step = 0; ; step++) {
    const rank = Math.round(10 ** (step / POINTS_PER_DECADE));
    if (rank > highest) return [...ranks];
    ranks.add(rank);
  }
}

/** Points of counts that are sorted, the largest first. */
export function rankCounts(sorted: readonly number[]): readonly Point[] {
  return listDrawnRanks(sorted.length).map((rank) => [rank, sorted[rank - 1] as number]);
}

function renderLine(points: readonly Point[]): string {
  const d = points.map(([x, y]) => `${roundCoordinate(x)} ${roundCoordinate(y)}`).join('L');
  return renderElement('path', { d: `M${d}`, fill: 'none', stroke: COLORS.model, 'stroke-width': 1.5 });
}

// Rounded, because the logarithm of a power of ten may be off in its last bit.
function ceilLog(value: number): number {
  return Math.ceil(Math.round(Math.log10(value) * 1e9) / 1e9);
}

function floorLog(value: number): number {
  return Math.floor(Math.round(Math.log10(value) * 1e9) / 1e9);
}

function listDecades(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
