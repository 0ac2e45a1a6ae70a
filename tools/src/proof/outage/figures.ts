import { readNormalLoad, type Setting } from './setting';
import type { Timeline } from './simulate';

/** What a timeline comes to. Seconds are whole ones, counted from the start of the outage. */
export interface Figures {
  /** Calls that arrived while the dependency was down ÷ requests that were issued meanwhile. */
  readonly amplification: number;
  /** Those two. */
  readonly callsInOutage: number;
  readonly requestsInOutage: number;
  /** Calls in the busiest second of the whole run. */
  readonly peakCallsPerSecond: number;
  /** Calls in the first second after the outage ÷ normal load. */
  readonly firstSecondRatio: number;
  /** Calls in the busiest second after the outage ÷ normal load. Whoever comes back later than others shows here. */
  readonly busiestSecondRatio: number;
  /**
   * Seconds after the outage until, from then on, of the requests issued in each second at least 99 % are served in
   * time. Undefined when that is not so by the end.
   */
  readonly recoverySeconds: number | undefined;
  /** Requests that were never served, of all that were issued in the run. */
  readonly failedRequests: number;
  readonly requests: number;
}

/** Share of a second's requests that must be served in time for it to count as served. */
const SERVED_SHARE = 0.99;

export function readFigures(timeline: Timeline, setting: Setting): Figures {
  const down = setting.healthySeconds;
  const up = down + setting.outageSeconds;
  const callsInOutage = sum(timeline.calls.slice(down, up));
  const requestsInOutage = sum(timeline.requests.slice(down, up));
  const callsAfter = timeline.calls.slice(up);
  const normalLoad = readNormalLoad(setting);
  return {
    amplification: callsInOutage / requestsInOutage,
    callsInOutage,
    requestsInOutage,
    peakCallsPerSecond: Math.max(...timeline.calls),
    firstSecondRatio: (callsAfter[0] ?? 0) / normalLoad,
    busiestSecondRatio: Math.max(0, ...callsAfter) / normalLoad,
    recoverySeconds: findRecovery(timeline, up),
    failedRequests: timeline.failed,
    requests: timeline.served + timeline.failed,
  };
}

function findRecovery({ requests, servedInTime }: Timeline, up: number): number | undefined {
  const isServed = (second: number): boolean =>
    (servedInTime[second] ?? 0) >= (requests[second] ?? 0) * SERVED_SHARE;
  let second = requests.length;
  while (second > up && isServed(second - 1)) second -= 1;
  return second < requests.length ? second - up : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
