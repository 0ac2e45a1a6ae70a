import { renderElement, renderText } from '../../proof/svg';
import {
  COLORS,
  LEFT,
  type PlotTexts,
  RIGHT,
  renderKey,
  renderPlotFrame,
  renderShare,
  SMALL,
  TOP,
} from './frame';

/** One bar of shares. */
export interface Share {
  readonly label: string;
  /** Of 1. */
  readonly share: number;
  /** What the model says, where it says something. */
  readonly model?: number;
}

/** Shares below a heading of their own. */
interface ShareGroup {
  readonly heading: string;
  readonly shares: readonly Share[];
}

export interface SharePlot extends PlotTexts {
  readonly groups: readonly ShareGroup[];
  /** What the marks mean, where there are any. */
  readonly modelKey?: string;
}

const LABELS_END = 232;
const BARS_END = RIGHT - 64;
const ROW = 20;
const HEADING = 26;

/** Draws shares as bars from the left, each of the whole width at 1. */
export function renderSharePlot(plot: SharePlot): string {
  const drawing = renderKey(TOP, 'generated', plot.modelKey);
  let y = TOP + 14;
  for (const { heading, shares } of plot.groups) {
    if (heading !== '') {
      y += HEADING;
      drawing.push(renderText('text', { x: LEFT, y: y - 7, 'font-weight': 600 }, heading));
    }
    for (const share of shares) {
      drawing.push(...renderBar(share, y));
      y += ROW;
    }
  }
  return renderPlotFrame(plot, y + 16, drawing);
}

function renderBar({ label, share, model }: Share, y: number): string[] {
  const x = (value: number): number => LABELS_END + (BARS_END - LABELS_END) * value;
  const text = y + 14;
  return [
    renderText('text', { x: LABELS_END - 8, y: text, 'text-anchor': 'end' }, label),
    renderElement('rect', {
      x: LABELS_END,
      y: y + 4,
      width: BARS_END - LABELS_END,
      height: 13,
      fill: COLORS.grid,
    }),
    renderElement('rect', {
      x: LABELS_END,
      y: y + 4,
      width: x(share) - LABELS_END,
      height: 13,
      fill: COLORS.generated,
    }),
    ...(model === undefined
      ? []
      : [renderElement('rect', { x: x(model) - 1.5, y: y + 2, width: 3, height: 17, fill: COLORS.model })]),
    renderText('text', { x: RIGHT, y: text, 'text-anchor': 'end', ...SMALL }, renderShare(share)),
  ];
}
