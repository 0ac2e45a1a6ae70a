import { COLORS, RIGHT, renderKey, renderPlotFrame, SMALL, TOP } from '../../data/plots/frame';
import { renderElement, renderText, roundCoordinate } from '../../proof/svg';
import { CONTROL, OURS, OURS_BULK } from './line-up';
import { OPERATIONS } from './operations';
import type { PeersReport } from './report';

const ROW = 18;
const LABELS_END = 276;
const AREA = Object.freeze({ left: LABELS_END + 16, right: RIGHT - 16 });
const AXIS = TOP + 30;
const DOT = 4;
/** At both ends, in doublings, at least. */
const LEAST = Object.freeze({ below: 2, above: 2 });

/** A line for each operation with so many callers, a dot for each layer: the ratio of its time, on a logarithmic axis. */
export function drawPeers({ cells, rounds }: PeersReport): string {
  const rows = cells.map(({ operation, callers, layers }) => ({
    title: `${OPERATIONS.find(({ name }) => name === operation)?.title}, ${callers} at once`,
    dots: layers
      .filter(({ name }) => name !== CONTROL)
      .map(({ name, ratio }) => ({ name, ratio: ratio.ratio })),
  }));
  const doublings = rows.flatMap(({ dots }) => dots.map(({ ratio }) => Math.log2(ratio)));
  const lowest = Math.floor(Math.min(-LEAST.below, ...doublings));
  const highest = Math.ceil(Math.max(LEAST.above, ...doublings));
  const x = (ratio: number): number =>
    roundCoordinate(
      AREA.left + ((AREA.right - AREA.left) * (Math.log2(ratio) - lowest)) / (highest - lowest),
    );
  const bottom = AXIS + 8 + rows.length * ROW;
  const ticks = Array.from({ length: highest - lowest + 1 }, (_, at) => 2 ** (lowest + at));
  return renderPlotFrame(
    {
      title: 'Ten operations on data layers for Node',
      subtitle: `of the time of node-postgres with named statements, in ${rounds} rounds; left is faster`,
      description: rows.map(({ title, dots }) => `${title}: ${dots.map(describeDot).join(', ')}`).join('; '),
    },
    bottom + 16,
    [
      ...renderKey(TOP, 'Holdfast; hollow: its loader and COPY', 'the others'),
      ...ticks.flatMap((tick) => [
        renderElement('path', {
          d: `M${x(tick)} ${AXIS + 4}V${bottom}`,
          stroke: tick === 1 ? COLORS.muted : COLORS.grid,
        }),
        renderText('text', { x: x(tick), y: AXIS, 'text-anchor': 'middle', ...SMALL }, `${tick} ×`),
      ]),
      ...rows.flatMap(({ title, dots }, at) => {
        const y = AXIS + 18 + at * ROW;
        const isOurs = (name: string): boolean => name === OURS || name === OURS_BULK;
        // Holdfast is drawn last, so that it lies on top.
        const ordered = dots.toSorted((one, other) => Number(isOurs(one.name)) - Number(isOurs(other.name)));
        return [
          renderText('text', { x: LABELS_END, y: y + 4, 'text-anchor': 'end', ...SMALL }, title),
          ...ordered.map(({ name, ratio }) =>
            renderElement(
              'circle',
              {
                cx: x(ratio),
                cy: y,
                r: DOT,
                fill: name === OURS_BULK ? COLORS.background : isOurs(name) ? COLORS.generated : COLORS.model,
                stroke: isOurs(name) ? COLORS.generated : COLORS.background,
              },
              renderText('title', {}, describeDot({ name, ratio })),
            ),
          ),
        ];
      }),
    ],
  );
}

function describeDot({ name, ratio }: { readonly name: string; readonly ratio: number }): string {
  return `${name} ${ratio.toFixed(2)} ×`;
}
