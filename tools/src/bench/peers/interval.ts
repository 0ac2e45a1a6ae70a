/** A ratio of two figures, taken pair by pair, and where it lies with a confidence of 95 %. */
export interface Interval {
  readonly ratio: number;
  /** Null for fewer than six pairs, which do not tell. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly pairs: number;
}

/** What a round has found for one of those that take part; undefined where it took no part. */
export type Samples = readonly (number | undefined)[];

/**
 * Where the ratio of two lies. What slows a round down slows both of a pair, so that the ratio holds still on a machine that does not;
 * a round in which only one of them was slowed down weighs no more than any other.
 *
 * Source: Hodges and Lehmann's estimator, the median of the means of all pairs of logarithms, with the exact interval of Wilcoxon's
 * signed ranks (Hollander and Wolfe, Nonparametric Statistical Methods, 3.2 and 3.3).
 */
export function readInterval(one: Samples, other: Samples): Interval {
  const logs = one.flatMap((value, at) => {
    const against = other[at];
    return value === undefined || against === undefined ? [] : [Math.log(value / against)];
  });
  const pairs = logs.length;
  const means = logs
    .flatMap((log, at) => logs.slice(at).map((next) => (log + next) / 2))
    .toSorted((a, b) => a - b);
  const read = (at: number): number => Math.exp(means[at] ?? Number.NaN);
  const last = means.length - 1;
  const ratio = Math.sqrt(read(Math.floor(last / 2)) * read(Math.ceil(last / 2)));
  const cut = countCut(pairs);
  if (cut === undefined) return { ratio, lower: null, upper: null, pairs };
  return { ratio, lower: read(cut), upper: read(last - cut), pairs };
}

/** How many of the means lie outside at each end with a probability of 2.5 % at most; undefined where even the outermost are more likely. */
function countCut(pairs: number): number | undefined {
  // The probability of each sum of ranks, if every rank is in it or not with the same one.
  let probabilities = [1];
  for (let rank = 1; rank <= pairs; rank++) {
    const sums = probabilities.length + rank;
    probabilities = Array.from(
      { length: sums },
      (_, sum) => ((probabilities[sum] ?? 0) + (probabilities[sum - rank] ?? 0)) / 2,
    );
  }
  let beyond = 0;
  let cut = 0;
  while (beyond + (probabilities[cut] ?? 1) <= 0.025) beyond += probabilities[cut++] ?? 1;
  return cut === 0 ? undefined : cut - 1;
}
