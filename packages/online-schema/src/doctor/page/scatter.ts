import { renderBytes } from '../quantity';
import { shorten } from './bars';
import { type Html, html } from './html';

export interface Point {
  readonly name: string;
  readonly title: string;
  /** Times it was read. */
  readonly scans: number;
  readonly bytes: number;
  readonly className: string;
}

const BOX = Object.freeze({ width: 560, height: 330, left: 58, right: 548, top: 12, bottom: 290 });
/** Never read: a lane of its own, since a logarithm has no zero. */
const LANE = 46;
/** Where the scale of what was read begins, so far from the lane that their names keep apart. */
const FIRST = BOX.left + LANE + 18;
/** Between two lines, in powers of two. */
const STEP = 5;
const LABELS = 8;
/** `100K`, `1M`: there is no room for more between two lines. */
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact' });

/** Size against use, both in powers of ten: what is large and not read stands in the upper left corner. */
export function renderScatter(points: readonly Point[], label: string): Html {
  const most = Math.max(10, ...points.map(({ scans }) => scans));
  const decades = Math.ceil(Math.log10(most));
  const large = Math.max(1024 * 1024, ...points.map(({ bytes }) => bytes));
  const steps = Math.ceil(Math.log2(large / SMALLEST) / STEP) * STEP;
  const x = (scans: number) => FIRST + (Math.log10(scans) / decades) * (BOX.right - FIRST);
  const y = (bytes: number) =>
    BOX.bottom - (Math.log2(Math.max(bytes, SMALLEST) / SMALLEST) / steps) * (BOX.bottom - BOX.top);

  const byteLines = range(steps / STEP + 1).map((step) => {
    const bytes = SMALLEST * 2 ** (step * STEP);
    return html`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${y(bytes)}" y2="${y(bytes)}"/>
<text class="small end" x="${BOX.left - 6}" y="${y(bytes) + 4}">${renderBytes(bytes)}</text>`;
  });
  const every = Math.ceil(decades / 6);
  const scanLines = range(decades + 1)
    .filter((decade) => decade % every === 0)
    .map((decade) => {
      const at = Math.round(x(10 ** decade));
      return html`<line class="grid" x1="${at}" x2="${at}" y1="${BOX.top}" y2="${BOX.bottom}"/>
<text class="small ${decade === decades ? 'end' : 'middle'}" x="${at}" y="${BOX.bottom + 16}">${COMPACT.format(10 ** decade)}</text>`;
    });
  const placed = points.map((point, at) => ({
    point,
    x: Math.round(point.scans < 1 ? BOX.left + laneOffset(at) : x(point.scans)),
    y: Math.round(y(point.bytes)),
  }));
  const dots = placed.map(
    ({ point, ...at }) =>
      html`<circle class="${point.className}" cx="${at.x}" cy="${at.y}" r="5"><title>${point.title}</title></circle>`,
  );
  return html`<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-label="${label}">
<rect class="track" x="${BOX.left}" y="${BOX.top}" width="${LANE}" height="${BOX.bottom - BOX.top}"/>
${byteLines}${scanLines}
<text class="small middle" x="${BOX.left + LANE / 2}" y="${BOX.bottom + 16}">never</text>
<text class="small end" x="${BOX.right}" y="${BOX.bottom + 34}">times read</text>
${dots}${renderLabels(placed)}</svg>`;
}

/** Side by side, so that those of one size do not hide each other. */
function laneOffset(at: number): number {
  return 8 + (at % 4) * 10;
}

/** A page: no index is smaller. */
const SMALLEST = 8192;

interface Placed {
  readonly point: Point;
  readonly x: number;
  readonly y: number;
}

/** Names beside the points that matter most, each only where it covers neither another name nor another point. */
function renderLabels(placed: readonly Placed[]): Html[] {
  const taken: { x: number; y: number; width: number }[] = [];
  const collides = (x: number, y: number, width: number) =>
    taken.some((other) => x < other.x + other.width && other.x < x + width && Math.abs(other.y - y) < 14);
  const covers = (x: number, y: number, width: number) =>
    placed.some((dot) => dot.x > x && dot.x < x + width && Math.abs(dot.y - y) < 10);
  const labels: Html[] = [];
  for (const { point, x, y } of placed.toSorted((one, other) => weight(other.point) - weight(one.point))) {
    if (labels.length === LABELS) break;
    const text = shorten(point.name);
    const width = text.length * 7;
    const isLeft = x + 9 + width > BOX.width;
    const start = isLeft ? x - 9 - width : x + 9;
    if (collides(start, y, width) || covers(start, y, width)) continue;
    taken.push({ x: start, y, width });
    // How wide it will be is the browser's to say: it must end before the point.
    labels.push(
      isLeft
        ? html`<text class="end" x="${x - 9}" y="${y + 4}">${text}</text>`
        : html`<text x="${x + 9}" y="${y + 4}">${text}</text>`,
    );
  }
  return labels;
}

/** Bytes for each time it was read. */
function weight({ bytes, scans }: Point): number {
  return bytes / (scans + 1);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at);
}
