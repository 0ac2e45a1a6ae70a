/** A ratio of two figures, taken pair by pair: its geometric mean, and where it lies with a confidence of 95 %. */
export interface Interval {
  readonly ratio: number;
  /** Null for fewer than two pairs, which tell nothing of it. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly pairs: number;
}

/** Of Student's t, two-sided, for 95 %: by degrees of freedom from 1 on. */
const STUDENT_T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/** For more degrees of freedom: a little wide, and never too narrow. */
const LAST_T = 2.042;

/** What a round has found for one of those that take part; undefined where it took no part. */
export type Samples = readonly (number | undefined)[];

/**
 * The interval of the mean of the pairs' logarithms, as ratios. What slows a round down slows both of a pair, so that the
 * ratio holds still on a machine that does not.
 */
export function readInterval(one: Samples, other: Samples): Interval {
  const logs = one.flatMap((value, at) => {
    const against = other[at];
    return value === undefined || against === undefined ? [] : [Math.log(value / against)];
  });
  const pairs = logs.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / pairs;
  if (pairs < 2) return { ratio: Math.exp(mean), lower: null, upper: null, pairs };
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (pairs - 1);
  const half = (STUDENT_T[pairs - 2] ?? LAST_T) * Math.sqrt(variance / pairs);
  return { ratio: Math.exp(mean), lower: Math.exp(mean - half), upper: Math.exp(mean + half), pairs };
}
