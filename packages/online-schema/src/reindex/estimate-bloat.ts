import type { QueryRunner } from 'typeorm';
import { measureIndexBloat } from './measure-bloat';
import { type BloatCandidate, type IndexSize, readBloatCandidates } from './read-bloat-candidates';

/** What is known of the space that an index would give back if it were built anew. */
export type IndexBloat = IndexSize &
  (
    | {
        /** `measured`: every page was looked at. `estimated`: from the statistics of the last ANALYZE. */
        readonly basis: 'measured' | 'estimated';
        readonly wastedBytes: number;
        /** Of its size, 0 to 1. */
        readonly wastedRatio: number;
      }
    | {
        readonly basis: 'unknown';
        /** Why, in a sentence, and what would help. */
        readonly reason: string;
      }
  );

/** Which indexes are looked at. */
export interface BloatFilter {
  /** Default: all but the system's. */
  readonly schemas?: readonly string[] | undefined;
  /** Only indexes of at least this size. Default 0. */
  readonly minBytes?: number | undefined;
  /**
   * Whether each page is looked at where the extension pgstattuple is installed and this role may use it: exact, and it
   * reads the whole index. Default false.
   */
  readonly measure?: boolean | undefined;
}

/**
 * How much of each valid B-tree index is wasted, the largest waste first, unknown ones last.
 *
 * The estimate is the well-known one of github.com/ioguix/pgsql-bloat-estimation: the rows of the last ANALYZE, scaled
 * to the table's size of now, times the average width of the keys, packed into pages to the fill factor. It does not
 * know of deduplication, so it takes an index of many equal keys for smaller than it is, or not bloated at all: it
 * leans towards saying nothing. It works with plain privileges; columns that this role may not read are unknown.
 */
export async function estimateIndexBloat(
  runner: QueryRunner,
  { schemas, minBytes = 0, measure = false }: BloatFilter = {},
): Promise<IndexBloat[]> {
  const candidates = await readBloatCandidates(runner, schemas, minBytes);
  const measured = measure ? await measureIndexBloat(runner, candidates) : new Map<number, number>();
  return candidates
    .map((candidate) => describe(candidate, measured.get(candidate.oid)))
    .toSorted((one, other) => wasteOf(other) - wasteOf(one));
}

function describe(candidate: BloatCandidate, measuredBytes: number | undefined): IndexBloat {
  const { schema, table, name, bytes, pageBytes, expectedPages } = candidate;
  const size = { schema, table, name, bytes };
  if (measuredBytes !== undefined) return withWaste(size, 'measured', measuredBytes);
  if (expectedPages === null) {
    const reason = `there are no statistics on its keys that this role may read; ANALYZE ${table} makes them`;
    return { ...size, basis: 'unknown', reason };
  }
  return withWaste(size, 'estimated', bytes - expectedPages * pageBytes);
}

function withWaste(size: IndexSize, basis: 'measured' | 'estimated', wasted: number): IndexBloat {
  const wastedBytes = Math.round(Math.min(Math.max(0, wasted), size.bytes));
  return { ...size, basis, wastedBytes, wastedRatio: size.bytes === 0 ? 0 : wastedBytes / size.bytes };
}

function wasteOf(bloat: IndexBloat): number {
  return bloat.basis === 'unknown' ? -1 : bloat.wastedBytes;
}
