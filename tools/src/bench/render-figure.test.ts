import { renderFigure } from './render-figure';

it.each([
  [0, '0.00'],
  [6.543, '6.54'],
  [-42.42, '-42.4'],
  [421.4, '421'],
  [1_234_567.8, '1,234,568'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '–'],
])('renders the figure %p as %s', (value, text) => {
  expect(renderFigure(value)).toBe(text);
});
