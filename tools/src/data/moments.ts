import type { DataSetting } from './data-setting';
import { MODEL } from './model';

export const DAY_MS = 86_400_000;

/** When things of the log and of the accounts happen. Times are milliseconds since 1970. */
export interface Moments {
  readonly untilMs: number;
  /** When the log has reached this share of its events, of [0, 1]. */
  ofLog(share: number): number;
  /** When this share of the accounts exists, of [0, 1]. */
  ofAccounts(share: number): number;
  /** The share of the accounts that exists at a time: the inverse of `ofAccounts`. */
  accountsAt(timeMs: number): number;
}

export function createMoments({ untilMs }: Pick<DataSetting, 'untilMs'>): Moments {
  const { logDays, growth, earlierAccounts, earlierDays } = MODEL.time;
  const logMs = logDays * DAY_MS;
  const startMs = untilMs - logMs;
  const earlierMs = earlierDays * DAY_MS;
  // The rate grows from 1 to `growth`, so the share reached is a quadratic function of time; this is its inverse.
  const ofLog = (share: number): number =>
    startMs + (logMs * (Math.sqrt(1 + (growth ** 2 - 1) * share) - 1)) / (growth - 1);
  const ofAccounts = (share: number): number =>
    share < earlierAccounts
      ? startMs - earlierMs * (1 - share / earlierAccounts)
      : ofLog((share - earlierAccounts) / (1 - earlierAccounts));
  const accountsAt = (timeMs: number): number => {
    if (timeMs < startMs) return Math.max(0, earlierAccounts * (1 - (startMs - timeMs) / earlierMs));
    const time = Math.min(1, (timeMs - startMs) / logMs);
    const share = (time + ((growth - 1) / 2) * time ** 2) / ((1 + growth) / 2);
    return earlierAccounts + (1 - earlierAccounts) * share;
  };
  return { untilMs, ofLog, ofAccounts, accountsAt };
}
