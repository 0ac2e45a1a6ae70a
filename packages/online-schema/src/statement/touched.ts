import type { Session } from './sent-statement';

/** What a transaction has done so far to one table or index. */
export interface Touched {
  /** As `schema.name`. */
  readonly name: string;
  readonly isIndex: boolean;
  /** Pages touched, in memory or not, each time that they were. */
  readonly pages: number;
  /** Of an index its scans, of a table those from its beginning on. */
  readonly scans: number;
}

/** Everything that the running transaction has touched, by object identifier, catalogs apart. */
export async function readTouched(session: Session): Promise<ReadonlyMap<string, Touched>> {
  const rows: (Touched & { oid: string })[] = await session.query(READ_TOUCHED);
  return new Map(rows.map(({ oid, ...touched }) => [oid, touched]));
}

const READ_TOUCHED = `
  select class.oid::text as oid,
         space.nspname || '.' || class.relname as name,
         class.relkind = 'i' as "isIndex",
         pg_stat_get_xact_blocks_fetched(class.oid)::float8 as pages,
         pg_stat_get_xact_numscans(class.oid)::float8 as scans
  from pg_class class
  join pg_namespace space on space.oid = class.relnamespace
  where class.relkind in ('r', 'i', 'm', 't')
    and space.nspname <> 'pg_catalog'
    and pg_stat_get_xact_blocks_fetched(class.oid) > 0`;

/** What was touched since then, and by how much. */
export function findTouchedSince(
  before: ReadonlyMap<string, Touched>,
  now: ReadonlyMap<string, Touched>,
): readonly Touched[] {
  return [...now].flatMap(([oid, { pages, scans, ...touched }]) => {
    const { pages: pagesBefore = 0, scans: scansBefore = 0 } = before.get(oid) ?? {};
    return pages > pagesBefore
      ? [{ ...touched, pages: pages - pagesBefore, scans: scans - scansBefore }]
      : [];
  });
}

export function countTouchedPages(touched: readonly Touched[]): number {
  return touched.reduce((total, { pages }) => total + pages, 0);
}
