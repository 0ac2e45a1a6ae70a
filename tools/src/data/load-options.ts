import {
  InvalidOptionError,
  requireFunction,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';

export const INDEX_CHOICES = ['none', 'after', 'before'] as const;

/**
 * When the indexes of the migrations are built, primary keys apart, which belong to the tables:
 *
 * - `none`: not at all; those migrations stay pending. For whoever builds and measures them.
 * - `after`: when the rows are there, which takes least time.
 * - `before`: on the empty tables, so that they are as they are after years of writes.
 */
export type IndexChoice = (typeof INDEX_CHOICES)[number];

/** How far a load has come. */
export type LoadProgress =
  | { readonly step: 'tables' }
  | { readonly step: 'rows'; readonly table: string; readonly done: number; readonly total: number }
  /** An index has just been built. */
  | { readonly step: 'indexes'; readonly name: string; readonly built: number }
  | { readonly step: 'statistics' };

/** How rows get into the database. */
export interface LoadOptions {
  /** Default `none`. */
  readonly indexes?: IndexChoice;
  /** Rows of one COPY at most: an integer of at least 1. What is loaded does not depend on it. Default: a whole table. */
  readonly rowsPerCopy?: number;
  /** Ends the load; no row stays, unless only indexes or statistics were left to do. */
  readonly signal?: AbortSignal;
  /** Told of every step, of the start and end of a table, and of every thousandth row between. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Options after validation. */
export interface LoadSetting {
  readonly indexes: IndexChoice;
  readonly rowsPerCopy: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: LoadProgress) => void;
}

export const LOAD_DEFAULTS = Object.freeze({
  indexes: 'none',
  rowsPerCopy: Number.MAX_SAFE_INTEGER,
} as const);

/** Fills in defaults and validates. @throws InvalidOptionError naming the option, the value and what is allowed. */
export function readLoadOptions(options: LoadOptions): LoadSetting {
  requireKnownOptions('loadData', options, ['indexes', 'rowsPerCopy', 'signal', 'onProgress']);
  const { indexes, rowsPerCopy } = { ...LOAD_DEFAULTS, ...options };
  const { signal, onProgress = () => undefined } = options;
  if (!INDEX_CHOICES.includes(indexes)) {
    throw new InvalidOptionError('indexes', indexes, `one of ${INDEX_CHOICES.join(', ')}`);
  }
  requireNumber('rowsPerCopy', rowsPerCopy, { min: 1, integer: true });
  requireFunction('onProgress', onProgress);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new InvalidOptionError('signal', signal, 'an AbortSignal');
  }
  return { indexes, rowsPerCopy, signal, onProgress };
}
