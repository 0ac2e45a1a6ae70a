import { COLORS, RIGHT, renderKey, renderPlotFrame, SMALL, TOP } from '../../data/plots/frame';
import { renderCount } from '../../proof/line-chart';
import { renderElement, renderText, roundCoordinate } from '../../proof/svg';
import { drawPatterns } from './draw-patterns';
import { type IndexReport, listPatternRows, type SetsPart } from './report';

/** The plots of the benchmark, as SVG documents by the names of their files. The same report gives the same bytes. */
export function drawBenchmarks(report: IndexReport): ReadonlyMap<string, string> {
  return new Map([
    ...(report.scales.length === 0
      ? []
      : [
          ['indexes-growth.svg', drawGrowth(report)] as const,
          ['indexes-patterns.svg', drawPatterns(report)] as const,
        ]),
    ...(report.sets === undefined ? [] : [['indexes-sets.svg', drawSets(report.sets)] as const]),
  ]);
}

const HEIGHT = 400;
const AREA = Object.freeze({ left: 90, right: RIGHT - 30, top: TOP + 20, bottom: HEIGHT - 52 });

/** Both axes are logarithmic: what is proportional to the data rises at 45 degrees, or as the scales have it. */
function drawGrowth(report: IndexReport): string {
  const rows = listPatternRows(report);
  const events = report.scales.map((scale) => scale.events);
  const values = rows.flatMap(({ byScale }) =>
    byScale.flatMap((one) => [one.with.buffers, one.without.buffers]),
  );
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(1, ...values))));
  const [least, most] = [Math.log10(events[0] ?? 1), Math.log10(events.at(-1) ?? 10)];
  const x = (count: number): number =>
    AREA.left + ((AREA.right - AREA.left) * (Math.log10(count) - least)) / Math.max(0.1, most - least);
  const y = (buffers: number): number =>
    AREA.bottom - ((AREA.bottom - AREA.top) * Math.log10(Math.max(1, buffers))) / decades;
  const line = (kind: 'with' | 'without', color: string): string[] =>
    rows.flatMap(({ byScale }) => {
      const points = byScale.map(
        (one) => `${roundCoordinate(x(one.events))} ${roundCoordinate(y(one[kind].buffers))}`,
      );
      return [
        renderElement('path', {
          d: `M${points.join('L')}`,
          fill: 'none',
          stroke: color,
          'stroke-width': 1.5,
          'stroke-opacity': 0.5,
        }),
      ];
    });
  return renderPlotFrame(
    {
      title: 'What patterns touch as the data grows',
      subtitle: `${rows.length} patterns, each as it is sent by the application; both axes are logarithmic`,
      description: `Buffers of each of ${rows.length} patterns by the number of events, with its index and without it.`,
    },
    HEIGHT,
    [
      ...renderKey(TOP, 'buffers with its index', 'without it'),
      ...Array.from({ length: decades + 1 }, (_, decade) => decade).flatMap((decade) => [
        renderElement('path', {
          d: `M${AREA.left} ${roundCoordinate(y(10 ** decade))}H${AREA.right}`,
          stroke: COLORS.grid,
        }),
        renderText(
          'text',
          { x: AREA.left - 8, y: y(10 ** decade) + 4, 'text-anchor': 'end', ...SMALL },
          renderCount(10 ** decade),
        ),
      ]),
      ...events.map((count) =>
        renderText(
          'text',
          { x: x(count), y: AREA.bottom + 18, 'text-anchor': 'middle', ...SMALL },
          renderCount(count),
        ),
      ),
      ...line('without', COLORS.model),
      ...line('with', COLORS.generated),
      renderText(
        'text',
        { x: (AREA.left + AREA.right) / 2, y: HEIGHT - 14, 'text-anchor': 'middle', ...SMALL },
        'events',
      ),
    ],
  );
}

const ROW = 22;
const LABELS_END = 232;
const FIGURES_WIDTH = 80;

function drawSets(sets: SetsPart): string {
  const names = sets.shipped.indexes.concat(sets.literal.indexes).filter(({ table }) => table === 'events');
  const rows = [...new Set(names.map(({ name }) => name))].map((name) => ({
    name,
    shipped: sets.shipped.indexes.find((one) => one.name === name)?.bytesPerRow ?? 0,
    literal: sets.literal.indexes.find((one) => one.name === name)?.bytesPerRow ?? 0,
  }));
  const most = Math.max(1, ...rows.flatMap(({ shipped, literal }) => [shipped, literal]));
  const width = (bytes: number): number => ((RIGHT - FIGURES_WIDTH - LABELS_END) * bytes) / most;
  const bar = (y: number, bytes: number, fill: string): string =>
    renderElement('rect', { x: LABELS_END, y, width: width(bytes), height: 8, fill });
  return renderPlotFrame(
    {
      title: 'What each index of events takes',
      subtitle: `bytes per event after ${renderCount(sets.events)} events were written one after the other`,
      description: `Bytes per event of each index, as it ships and as it was planned: ${rows
        .map(({ name, shipped, literal }) => `${name} ${Math.round(shipped)} and ${Math.round(literal)}`)
        .join(', ')}.`,
    },
    TOP + 30 + rows.length * ROW,
    [
      ...renderKey(TOP, 'shipped', 'literal'),
      ...rows.flatMap(({ name, shipped, literal }, at) => {
        const y = TOP + 14 + at * ROW;
        return [
          renderText('text', { x: LABELS_END - 8, y: y + 13, 'text-anchor': 'end', ...SMALL }, name),
          bar(y, shipped, COLORS.generated),
          bar(y + 9, literal, COLORS.model),
          renderText(
            'text',
            { x: RIGHT, y: y + 13, 'text-anchor': 'end', ...SMALL },
            `${renderBytes(shipped)} / ${renderBytes(literal)}`,
          ),
        ];
      }),
    ],
  );
}

/** An index that one set does not have is not one of no bytes. */
function renderBytes(bytes: number): string {
  return bytes === 0 ? '–' : bytes < 1 ? '< 1' : String(Math.round(bytes));
}
