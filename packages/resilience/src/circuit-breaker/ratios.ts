import { requireNumber } from '../errors/invalid-option-error';

/** At which shares of failed and slow calls a circuit opens, and from how many calls on. */
export interface RatioOptions {
  /** Share of failed calls at which the circuit opens. Above 0, at most 1. Default 0.5. */
  readonly failureRatio?: number | undefined;
  /** Share of slow calls at which it opens. Above 0, at most 1. Default: slow calls alone never open it. */
  readonly slowCallRatio?: number | undefined;
  /** Calls below which no ratio is trusted. An integer of at least 1. Default 20. */
  readonly minimumThroughput?: number | undefined;
}

export interface Ratios {
  readonly failureRatio: number;
  readonly slowCallRatio: number | undefined;
  readonly minimumThroughput: number;
}

/** Defaults of the rules that look at ratios. */
export const RATIO_DEFAULTS = Object.freeze({ failureRatio: 0.5, minimumThroughput: 20 });

/** @throws InvalidOptionError naming the option, the value and the range. */
export function readRatios(options: RatioOptions): Ratios {
  const { failureRatio, slowCallRatio, minimumThroughput } = options;
  return {
    failureRatio: requireNumber('failureRatio', failureRatio ?? RATIO_DEFAULTS.failureRatio, {
      above: 0,
      max: 1,
    }),
    slowCallRatio:
      slowCallRatio === undefined
        ? undefined
        : requireNumber('slowCallRatio', slowCallRatio, { above: 0, max: 1 }),
    minimumThroughput: requireNumber(
      'minimumThroughput',
      minimumThroughput ?? RATIO_DEFAULTS.minimumThroughput,
      {
        min: 1,
        integer: true,
      },
    ),
  };
}

export function areExceeded(ratios: Ratios, calls: number, failures: number, slow: number): boolean {
  if (calls < ratios.minimumThroughput) return false;
  // Divided, not multiplied: 7 / 100 is the 0.07 that somebody wrote, while 100 * 0.07 is more than 7.
  if (failures / calls >= ratios.failureRatio) return true;
  return ratios.slowCallRatio !== undefined && slow / calls >= ratios.slowCallRatio;
}
