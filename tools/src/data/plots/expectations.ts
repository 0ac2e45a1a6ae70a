import { MODEL } from '../model';
import { createMoments, DAY_MS } from '../moments';
import { LOG_PERIODS, type Tally } from '../profile';
import { listZipfWeights } from '../sampler';
import type { Histogram } from './histogram';
import { listDrawnRanks, type Point } from './rank-plot';

export function expectPeriods(events: number, untilMs: number): readonly number[] {
  const { accountsAt } = createMoments({ untilMs });
  const { logDays, earlierAccounts } = MODEL.time;
  const logMs = logDays * DAY_MS;
  // Accounts grow within the log as the log does.
  const reached = (period: number): number =>
    (accountsAt(untilMs - logMs * (1 - period / LOG_PERIODS)) - earlierAccounts) / (1 - earlierAccounts);
  return Array.from({ length: LOG_PERIODS }, (_, at) => events * (reached(at + 1) - reached(at)));
}

export function expectZipf(length: number, exponent: number, total: number): readonly Point[] {
  const weights = listZipfWeights(length, exponent);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return listDrawnRanks(length).map((rank) => [rank, (total * (weights[rank - 1] ?? 0)) / sum]);
}

/** The share of draws that are at least as high, for sizes from 1. */
export function expectTail(weights: Float64Array): readonly Point[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return listDrawnRanks(weights.length).map((least) => {
    return [least, weights.subarray(least - 1).reduce((all, weight) => all + weight, 0) / sum];
  });
}

export function listCounts(tally: Tally<number>, from: number, length: number): readonly number[] {
  return Array.from({ length }, (_, at) => tally.count(from + at));
}

export function listTicks(bins: number, every: number, label: (bin: number) => string): Histogram['ticks'] {
  return Array.from({ length: Math.floor(bins / every) + 1 }, (_, at) => [at * every, label(at * every)]);
}
