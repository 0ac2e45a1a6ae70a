/** The middle of a set of samples, and how far its middle half reaches. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** The quartiles of at least one sample, interpolated between neighbours. NaN when there is none. */
export function readQuartiles(samples: readonly number[]): Quartiles {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = sorted[Math.floor(position)] ?? Number.NaN;
    const above = sorted[Math.ceil(position)] ?? Number.NaN;
    return below + (above - below) * (position - Math.floor(position));
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/**
 * How many times the one is the other, taken round by round. What slows a whole round down slows both, so that the
 * ratio holds still on a machine that does not.
 */
export function readPairedRatio(one: readonly number[], other: readonly number[]): Quartiles {
  return readQuartiles(one.map((sample, round) => sample / (other[round] ?? Number.NaN)));
}
