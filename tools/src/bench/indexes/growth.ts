/** A figure at one scale. */
interface Point {
  readonly events: number;
  readonly value: number;
}

/**
 * The exponent with which the value grows: 0 where it does not, 1 where it is proportional to the events, by least squares on
 * logarithms. Null for fewer than two scales, and for values that have no logarithm.
 */
export function fitExponent(points: readonly Point[]): number | null {
  const logs = points
    .filter(({ value }) => value > 0)
    .map(({ events, value }) => [Math.log(events), Math.log(value)] as const);
  if (logs.length < 2) return null;
  const mean = (at: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [log]) => sum + (log - x) ** 2, 0);
  return spread === 0 ? null : logs.reduce((sum, [one, other]) => sum + (one - x) * (other - y), 0) / spread;
}

/** The value below which the share lies, 0–1, of at least one sample. */
export function readPercentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
