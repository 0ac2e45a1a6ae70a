import type { IndexBloat } from './estimate-bloat';

export type ReindexErrorCode =
  | 'HOLDFAST_REINDEX_FAILED'
  | 'HOLDFAST_REINDEX_REFUSED'
  | 'HOLDFAST_REINDEX_UNKNOWN';

/** An index was not rebuilt; it is as it was, and nothing of the attempt is left beside it. */
export class ReindexError extends Error {
  override readonly name = 'ReindexError';

  constructor(
    readonly code: ReindexErrorCode,
    /** The index, as schema.name where it was found, else as it was asked for. */
    readonly index: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One index that is, or would be, built anew. */
export interface ReindexedIndex {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly bytesBefore: number;
  /** Null in a dry run. */
  readonly bytesAfter: number | null;
  /** Null in a dry run. */
  readonly elapsedMs: number | null;
  /** What was known of its bloat before; null for an index that was named. */
  readonly bloat: IndexBloat | null;
}

/** The signal ended the run, in good order: the index that was under way is as it was. */
export class ReindexStoppedError extends Error {
  // Of all that an aborted operation ends with, Node's own name is the one that everybody knows.
  override readonly name = 'AbortError';
  readonly code = 'HOLDFAST_STOPPED';

  constructor(
    /** What was rebuilt before. */
    readonly rebuilt: readonly ReindexedIndex[],
    cause: unknown,
  ) {
    super(`stopped; ${rebuilt.length} ${rebuilt.length === 1 ? 'index' : 'indexes'} rebuilt`, { cause });
  }
}
