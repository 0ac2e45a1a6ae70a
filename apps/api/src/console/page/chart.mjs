import { age, element, shape } from './elements.mjs';

const WIDTH = 1_000;
const HEIGHT = 180;

/** The last ten minutes of the pool as lines: used connections, callers that wait, and the most there may be. */
export function renderPoolChart({ samples, windowMs }, nowMs) {
  if (samples.length === 0) return element('p', { class: 'soft' }, 'Nothing has been measured yet.');
  const top = Math.max(1, ...samples.map(({ used, waiting, max }) => Math.max(used, waiting, max)));
  const x = (atMs) => round(WIDTH * (1 - (nowMs - atMs) / windowMs));
  const y = (value) => round(HEIGHT - 2 - (value / top) * (HEIGHT - 4));
  const line = (read) => samples.map((sample) => `${x(sample.atMs)},${y(read(sample))}`).join(' ');
  const used = line((sample) => sample.used);
  const [first] = samples;
  const last = samples.at(-1);
  const most = Math.max(...samples.map((sample) => sample.used));
  const mostWaiting = Math.max(...samples.map((sample) => sample.waiting));
  const summary = `Used connections over the last ${age(nowMs - first.atMs)}: now ${last.used} of ${last.max}, at most ${most}; at most ${mostWaiting} waiting.`;
  const drawing = shape(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': summary },
    [
      ...[0, top / 2, top].map((value) =>
        shape('line', { class: 'grid-line', x1: 0, x2: WIDTH, y1: y(value), y2: y(value) }),
      ),
      shape('polygon', {
        class: 'area-used',
        points: `${x(first.atMs)},${HEIGHT} ${used} ${x(last.atMs)},${HEIGHT}`,
      }),
      shape('polyline', { class: 'line-max', fill: 'none', points: line((sample) => sample.max) }),
      shape('polyline', { class: 'line-used', points: used }),
      shape('polyline', { class: 'line-waiting', points: line((sample) => sample.waiting) }),
    ],
  );
  return element('figure', {}, [
    element('div', { class: 'chart' }, [
      element(
        'div',
        { class: 'scale', 'aria-hidden': 'true' },
        [top, top / 2, 0].map((value) => element('span', {}, round(value))),
      ),
      drawing,
      element('div', { class: 'axis', 'aria-hidden': 'true' }, [
        element('span', {}, `${age(windowMs)} ago`),
        element('span', {}, 'now'),
      ]),
    ]),
    element('figcaption', {}, [
      key('line-used', 'used'),
      key('line-waiting', 'callers waiting'),
      key('line-max', 'most there may be'),
      element('span', {}, summary),
    ]),
  ]);
}

function key(className, text) {
  const sample = shape(
    'svg',
    { viewBox: '0 0 22 10', 'aria-hidden': 'true' },
    shape('line', { class: className, x1: 0, x2: 22, y1: 5, y2: 5 }),
  );
  return element('span', { class: 'key' }, [sample, text]);
}

function round(value) {
  return Math.round(value * 10) / 10;
}
