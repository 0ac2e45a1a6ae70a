import { COLORS, RIGHT, renderKey, renderPlotFrame, SMALL, TOP } from '../../data/plots/frame';
import { renderCount } from '../../proof/line-chart';
import { renderElement, renderText, roundCoordinate } from '../../proof/svg';
import { type IndexReport, listPatternRows } from './report';

const ROW = 17;
const LABELS_END = 404;
const AREA = Object.freeze({ left: LABELS_END + 12, right: RIGHT - 24 });
const AXIS = TOP + 30;
const DOT = 4;

/** A line for each pattern, from its buffers with its index to those without, on a logarithmic axis. */
export function drawPatterns(report: IndexReport): string {
  const rows = listPatternRows(report).flatMap(({ name, byScale }) => {
    const last = byScale.at(-1);
    return last === undefined ? [] : [{ name, own: last.with.buffers, without: last.without.buffers }];
  });
  const decades = Math.max(
    1,
    Math.ceil(Math.log10(Math.max(1, ...rows.flatMap(({ own, without }) => [own, without])))),
  );
  const x = (buffers: number): number =>
    roundCoordinate(AREA.left + ((AREA.right - AREA.left) * Math.log10(Math.max(1, buffers))) / decades);
  const bottom = AXIS + 8 + rows.length * ROW;
  return renderPlotFrame(
    {
      title: 'What its indexes spare each pattern',
      subtitle: `buffers at ${renderCount(report.scales.at(-1)?.events ?? 0)} events; the axis is logarithmic`,
      description: `Buffers of each pattern with its indexes and without: ${rows
        .map(({ name, own, without }) => `${name} ${own} and ${without}`)
        .join('; ')}.`,
    },
    bottom + 16,
    [
      ...renderKey(TOP, 'with its indexes', 'without them'),
      ...Array.from({ length: decades + 1 }, (_, decade) => decade).flatMap((decade) => [
        renderElement('path', { d: `M${x(10 ** decade)} ${AXIS + 4}V${bottom}`, stroke: COLORS.grid }),
        ...(decade % 3 === 0
          ? [
              renderText(
                'text',
                { x: x(10 ** decade), y: AXIS, 'text-anchor': 'middle', ...SMALL },
                renderCount(10 ** decade),
              ),
            ]
          : []),
      ]),
      ...rows.flatMap(({ name, own, without }, at) => {
        const y = AXIS + 16 + at * ROW;
        const dot = (buffers: number, fill: string): string =>
          renderElement('circle', { cx: x(buffers), cy: y, r: DOT, fill });
        return [
          renderText('text', { x: LABELS_END, y: y + 4, 'text-anchor': 'end', ...SMALL }, name),
          renderElement('path', {
            d: `M${x(own)} ${y}H${x(without)}`,
            stroke: COLORS.border,
            'stroke-width': 2,
          }),
          dot(without, COLORS.model),
          dot(own, COLORS.generated),
        ];
      }),
    ],
  );
}
