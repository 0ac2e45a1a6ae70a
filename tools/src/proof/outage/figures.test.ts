import { readFigures } from './figures';
import { QUICK_SETTING, type Setting } from './setting';
import type { Timeline } from './simulate';

/** Ten requests per second: up for 2 s, down for 3 s, up for 4 s. */
const SETTING: Setting = {
  ...QUICK_SETTING,
  clients: 10,
  processes: 1,
  healthySeconds: 2,
  outageSeconds: 3,
  recoverySeconds: 4,
};

const TIMELINE: Timeline = {
  requests: [10, 10, 8, 10, 12, 10, 10, 10, 10],
  calls: [10, 11, 20, 25, 30, 15, 18, 9, 10],
  servedInTime: [10, 10, 0, 0, 0, 4, 10, 10, 10],
  served: 55,
  failed: 35,
};

describe('figures of a timeline', () => {
  it('set calls that arrive in the outage against requests issued in it', () => {
    expect(readFigures(TIMELINE, SETTING)).toMatchObject({
      callsInOutage: 75,
      requestsInOutage: 30,
      amplification: 2.5,
    });
  });

  it('name the busiest second of the run, and those after the outage as a share of normal load', () => {
    expect(readFigures(TIMELINE, SETTING)).toMatchObject({
      peakCallsPerSecond: 30,
      firstSecondRatio: 1.5,
      busiestSecondRatio: 1.8,
    });
  });

  it('count the requests that were never served', () => {
    expect(readFigures(TIMELINE, SETTING)).toMatchObject({ failedRequests: 35, requests: 90 });
  });

  describe('say when requests are served in time again', () => {
    const recoveryOf = (...servedInTime: number[]) =>
      readFigures({ ...TIMELINE, servedInTime: [10, 10, 0, 0, 0, ...servedInTime] }, SETTING).recoverySeconds;

    it('at once', () => expect(recoveryOf(10, 10, 10, 10)).toBe(0));
    it('after a while', () => expect(recoveryOf(4, 10, 10, 10)).toBe(1));
    it('for good: a second that relapses counts', () => expect(recoveryOf(10, 10, 4, 10)).toBe(3));
    it('never by the end', () => expect(recoveryOf(10, 10, 10, 9)).toBeUndefined());

    it('not counting seconds of the outage itself', () => {
      expect(readFigures({ ...TIMELINE, servedInTime: TIMELINE.requests }, SETTING).recoverySeconds).toBe(0);
    });

    it('from 99 % on', () => {
      const hundred = { ...TIMELINE, requests: new Array(9).fill(100) };
      const at = (share: number) =>
        readFigures({ ...hundred, servedInTime: new Array(9).fill(share) }, SETTING).recoverySeconds;
      expect(at(99)).toBe(0);
      expect(at(98)).toBeUndefined();
    });
  });
});
