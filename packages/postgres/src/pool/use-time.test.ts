import { UseTime } from './use-time';

describe('the time for which connections are held', () => {
  it('expects no wait as long as nothing is known', () => {
    expect(new UseTime().expectWaitMs(1_000, 1)).toBe(0);
  });

  it('expects a wait in proportion to the callers ahead, and to the connections against it', () => {
    const time = new UseTime();
    time.add(100);
    expect(time.expectWaitMs(0, 1)).toBe(100);
    expect(time.expectWaitMs(9, 1)).toBe(1_000);
    expect(time.expectWaitMs(9, 10)).toBe(100);
  });

  it('follows a change, and is not thrown by a single long use', () => {
    const time = new UseTime();
    for (let use = 0; use < 50; use += 1) time.add(10);
    time.add(1_000);
    expect(time.expectWaitMs(0, 1)).toBeLessThan(250);
    for (let use = 0; use < 50; use += 1) time.add(1_000);
    expect(time.expectWaitMs(0, 1)).toBeGreaterThan(990);
  });
});
