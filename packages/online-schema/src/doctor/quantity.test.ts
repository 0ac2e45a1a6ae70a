import { renderAge, renderBytes, renderCount, renderShare } from './quantity';

describe('quantities for people', () => {
  it.each([
    [renderBytes(0), '0 B'],
    [renderBytes(1023), '1023 B'],
    [renderBytes(8192), '8 kB'],
    [renderBytes(1_500_000_000), '1.4 GB'],
    [renderBytes(500 * 1024 * 1024), '500 MB'],
    [renderCount(940.4), '940'],
    [renderCount(12_400), '12,400'],
    [renderCount(3_140_000), '3.1 million'],
    [renderCount(2e9), '2 billion'],
    [renderShare(0), '0 %'],
    [renderShare(0.004), '0.4 %'],
    [renderShare(0.37), '37 %'],
    [renderAge(60_000), '1 minute'],
    [renderAge(5 * 3_600_000), '5 hours'],
    [renderAge(12 * 86_400_000), '12 days'],
  ])('writes %s', (actual, expected) => {
    expect(actual).toBe(expected);
  });
});
