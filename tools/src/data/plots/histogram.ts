import { chooseStep, renderCount } from '../../proof/line-chart';
import { renderElement, renderText, roundCoordinate } from '../../proof/svg';
import { COLORS, type PlotTexts, RIGHT, renderKey, renderPlotFrame, SMALL, TOP } from './frame';

/** Counts of equally wide stretches, from left to right. */
export interface Histogram extends PlotTexts {
  readonly axis: string;
  readonly generatedKey: string;
  readonly counts: readonly number[];
  readonly modelKey?: string;
  /** What the model expects in each stretch. */
  readonly model?: readonly number[];
  /** Labels of the horizontal axis, where a stretch begins: its number from 0, and a text. */
  readonly ticks: readonly (readonly [at: number, label: string])[];
}

const HEIGHT = 300;
const AREA = Object.freeze({ left: 68, right: RIGHT - 10, top: TOP + 18, bottom: HEIGHT - 52 });

export function renderHistogram(plot: Histogram): string {
  const { counts, model = [] } = plot;
  const highest = Math.max(1, ...counts, ...model);
  const step = chooseStep(highest);
  const top = step * Math.ceil(highest / step);
  const width = (AREA.right - AREA.left) / counts.length;
  const x = (at: number): number => AREA.left + at * width;
  const y = (count: number): number => AREA.bottom - ((AREA.bottom - AREA.top) * count) / top;
  const heights = Array.from({ length: top / step + 1 }, (_, at) => at * step);
  return renderPlotFrame(plot, HEIGHT, [
    ...renderKey(TOP, plot.generatedKey, plot.modelKey),
    ...heights.flatMap((count) => [
      renderElement('path', {
        d: `M${AREA.left} ${roundCoordinate(y(count))}H${AREA.right}`,
        stroke: count === 0 ? COLORS.muted : COLORS.grid,
      }),
      renderText(
        'text',
        { x: AREA.left - 8, y: y(count) + 4, 'text-anchor': 'end', ...SMALL },
        renderCount(count),
      ),
    ]),
    ...counts.map((count, at) =>
      renderElement('rect', {
        x: x(at) + width * 0.08,
        y: y(count),
        width: width * 0.84,
        height: AREA.bottom - y(count),
        fill: COLORS.generated,
      }),
    ),
    ...plot.ticks.map(([at, label]) =>
      renderText('text', { x: x(at), y: AREA.bottom + 18, 'text-anchor': 'middle', ...SMALL }, label),
    ),
    ...(model.length === 0 ? [] : [renderModel(model.map((count, at) => [x(at + 0.5), y(count)]))]),
    renderText(
      'text',
      { x: (AREA.left + AREA.right) / 2, y: HEIGHT - 14, 'text-anchor': 'middle', ...SMALL },
      plot.axis,
    ),
  ]);
}

function renderModel(points: readonly (readonly [number, number])[]): string {
  const d = points.map(([x, y]) => `${roundCoordinate(x)} ${roundCoordinate(y)}`).join('L');
  return renderElement('path', { d: `M${d}`, fill: 'none', stroke: COLORS.model, 'stroke-width': 2 });
}
