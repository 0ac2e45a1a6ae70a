import { renderElement, renderText } from '../../proof/svg';

/** What every plot says about itself. */
export interface PlotTexts {
  readonly title: string;
  readonly subtitle: string;
  /** What a screen reader is told. */
  readonly description: string;
}

const WIDTH = 640;
export const LEFT = 20;
export const RIGHT = WIDTH - 20;
/** Where the drawing begins, below title and subtitle. */
export const TOP = 74;

/**
 * The colours of Okabe and Ito, which people who see fewer colours can tell apart. The background is set by itself: GitHub
 * shows an image on a light or a dark page, and knows nothing of its colours.
 */
export const COLORS = Object.freeze({
  background: '#ffffff',
  border: '#d0d7de',
  text: '#1f2328',
  muted: '#59636e',
  grid: '#e4e8ec',
  generated: '#0072b2',
  model: '#d55e00',
});

export const SMALL = Object.freeze({ 'font-size': 12, fill: COLORS.muted });

const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif';

/** Puts a drawing into a document with its texts. The same drawing gives the same bytes. */
export function renderPlotFrame(texts: PlotTexts, height: number, drawing: readonly string[]): string {
  const { title, subtitle, description } = texts;
  return `${renderElement(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-labelledby': 'title description',
      'font-family': FONT,
      'font-size': 13,
      fill: COLORS.text,
    },
    renderText('title', { id: 'title' }, title),
    renderText('desc', { id: 'description' }, description),
    // Half a pixel in, so that the border is one sharp pixel.
    renderElement('rect', {
      x: 0.5,
      y: 0.5,
      width: WIDTH - 1,
      height: height - 1,
      rx: 6,
      fill: COLORS.background,
      stroke: COLORS.border,
    }),
    renderText('text', { x: LEFT, y: 28, 'font-size': 15, 'font-weight': 600 }, title),
    renderText('text', { x: LEFT, y: 48, ...SMALL }, subtitle),
    ...drawing,
  )}\n`;
}

/** What the two colours mean, in one line that ends on the right. */
export function renderKey(y: number, generated: string, model: string | undefined): string[] {
  const entry = (x: number, color: string, label: string): string[] => [
    renderElement('rect', { x, y: y - 9, width: 10, height: 10, fill: color }),
    renderText('text', { x: x + 15, y, ...SMALL }, label),
  ];
  return [
    ...entry(LEFT, COLORS.generated, generated),
    ...(model === undefined ? [] : entry(LEFT + 320, COLORS.model, model)),
  ];
}

/** A share as a percentage, as exact as it is small. */
export function renderShare(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent >= 10) return `${percent.toFixed(0)} %`;
  return `${percent.toFixed(percent >= 1 ? 1 : 2)} %`;
}
