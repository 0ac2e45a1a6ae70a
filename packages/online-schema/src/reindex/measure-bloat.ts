import type { QueryRunner } from 'typeorm';
import type { BloatCandidate } from './read-bloat-candidates';

interface Measure {
  readonly leafPages: number;
  /** Pages without anything in them. */
  readonly idlePages: number;
  /** Per cent to which leaf pages are filled; null where there are none. */
  readonly density: number | null;
}

/**
 * Bytes that each index would give back if it were built anew, by its oid; empty where the extension pgstattuple is
 * not installed or this role may not use it. Reads every page of every index.
 */
export async function measureIndexBloat(
  runner: QueryRunner,
  candidates: readonly BloatCandidate[],
): Promise<Map<number, number>> {
  const wasted = new Map<number, number>();
  const measure = await findFunction(runner);
  if (measure === undefined) return wasted;
  for (const { oid, fillfactor, pageBytes } of candidates) {
    const rows: Measure[] = await runner.query(
      `select
         s.leaf_pages::float8 as "leafPages",
         (s.empty_pages + s.deleted_pages)::float8 as "idlePages",
         nullif(s.avg_leaf_density, 'NaN') as density
       from pg_class c
       cross join lateral ${measure}(c.oid::regclass) s
       where c.oid = $1`,
      [oid],
    );
    const [seen] = rows;
    if (seen === undefined) continue;
    const slack = seen.density === null ? 0 : Math.max(0, 1 - seen.density / fillfactor);
    wasted.set(oid, (seen.leafPages * slack + seen.idlePages) * pageBytes);
  }
  return wasted;
}

/** The extension's function with its schema, quoted. */
async function findFunction(runner: QueryRunner): Promise<string | undefined> {
  const rows: { name: string }[] = await runner.query(
    `select quote_ident(n.nspname) || '.pgstatindex' as name
     from pg_extension e
     join pg_namespace n on n.oid = e.extnamespace
     join pg_proc p on p.pronamespace = n.oid and p.proname = 'pgstatindex'
     where e.extname = 'pgstattuple' and p.proargtypes[0] = 'regclass'::regtype
       and has_schema_privilege(n.oid, 'USAGE') and has_function_privilege(p.oid, 'EXECUTE')`,
  );
  return rows[0]?.name;
}
