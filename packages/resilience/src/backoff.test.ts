import { type BackoffShape, drawDelayMs, drawSlowDelayMs } from './backoff';
import { MAX_TIMER_MS } from './clock';

const shape: BackoffShape = { baseDelayMs: 100, maxDelayMs: 1000, backoffMultiplier: 2, jitter: 'none' };
const half = () => 0.5;

describe('drawDelayMs', () => {
  it('grows by the multiplier up to the maximum', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((retry) => drawDelayMs(shape, retry, undefined, half));
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('lets another multiplier take effect', () => {
    const steep = { ...shape, backoffMultiplier: 3 };
    expect([1, 2, 3].map((retry) => drawDelayMs(steep, retry, undefined, half))).toEqual([100, 300, 900]);
    const decorrelated = { ...steep, jitter: 'decorrelated' as const };
    expect(drawDelayMs(decorrelated, 1, undefined, half)).toBe(100 + 0.5 * 300);
  });

  it('starts decorrelated jitter between the base and three times the base', () => {
    const decorrelated = { ...shape, jitter: 'decorrelated' as const };
    expect(drawDelayMs(decorrelated, 1, undefined, () => 0)).toBe(100);
    expect(drawDelayMs(decorrelated, 1, undefined, () => 1)).toBe(300);
  });

  it('draws decorrelated jitter from the previous delay', () => {
    const decorrelated = { ...shape, jitter: 'decorrelated' as const };
    expect(drawDelayMs(decorrelated, 2, 200, () => 1)).toBe(600);
    expect(drawDelayMs(decorrelated, 2, 900, () => 1)).toBe(1000);
  });

  it('keeps 50 to 100 percent of the delay with equal jitter', () => {
    const equal = { ...shape, jitter: 'equal' as const };
    expect(drawDelayMs(equal, 2, undefined, () => 0)).toBe(100);
    expect(drawDelayMs(equal, 2, undefined, () => 1)).toBe(200);
  });

  it('never exceeds what a timer can hold, however often it is retried', () => {
    const huge = { ...shape, maxDelayMs: Number.MAX_VALUE };
    expect(drawDelayMs(huge, 5000, undefined, half)).toBe(MAX_TIMER_MS);
  });
});

describe('drawSlowDelayMs', () => {
  it('starts near the maximum', () => {
    expect(drawSlowDelayMs(shape, half)).toBe(1000);
    expect(drawSlowDelayMs({ ...shape, jitter: 'full' }, () => 0)).toBe(500);
  });
});
