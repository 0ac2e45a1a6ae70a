import type { Recovery } from './converge';

/** What many ends of runs came to. */
export interface KillFigures {
  /** Runs that were ended while they worked. */
  readonly ended: number;
  /** Those that left an index behind which no query can use. */
  readonly leftUnusable: number;
  /** Those after which a run had something to do. */
  readonly leftUndone: number;
  /** Those after which one more run did not end in the declared catalog, and why. */
  readonly deviations: readonly string[];
}

/** As many as help to find the others. */
const LISTED = 5;

/** Adds up what became of each. */
export function sumRecoveries(recoveries: readonly Recovery[]): KillFigures {
  return {
    ended: recoveries.length,
    leftUnusable: recoveries.filter(({ unusable }) => unusable.length > 0).length,
    leftUndone: recoveries.filter(({ wasDone }) => !wasDone).length,
    deviations: recoveries.flatMap(({ deviations }, at) =>
      deviations.length === 0 ? [] : [`${at + 1}: ${deviations.slice(0, LISTED).join(', ')}`],
    ),
  };
}
