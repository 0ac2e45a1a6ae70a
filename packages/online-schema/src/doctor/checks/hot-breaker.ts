import type { Check } from '../check';
import { renderCount, renderShare } from '../quantity';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

const LIMITS = Object.freeze({
  updates: 10_000,
  /** Of the updates: those that had to touch every index. */
  shareNotHot: 0.5,
  /** Of the updates: those that stayed on their page, which an update without a changed key does as HOT. */
  shareForKeys: 0.1,
});

interface UpdatedTable {
  readonly schema: string;
  readonly name: string;
  readonly updates: number;
  readonly hotUpdates: number;
  /** Updates whose new row went to another page, as there was no room or because a key changed; null before 16. */
  readonly movedUpdates: number | null;
  readonly indexes: number;
  readonly columns: readonly string[];
}

/**
 * A table that is often updated in a column of some index, so that each update writes an entry into every index. The
 * statistics count updates, not columns: which one it is, the findings can narrow down but not say.
 */
export const hotBreaker: Check = {
  id: 'hot-breaker',
  title: 'Updates that touch every index',
  severity: 'notice',
  async run({ runner, schemas }) {
    const tables: UpdatedTable[] = await runner.query(READ_UPDATES, [schemas]);
    return {
      findings: tables.filter(isBroken).map((table) => {
        const { schema, name, updates, hotUpdates, movedUpdates, indexes, columns } = table;
        const notHot = updates - hotUpdates;
        const certain =
          movedUpdates === null
            ? ''
            : `, ${renderShare((notHot - movedUpdates) / updates)} for certain because a key changed: there was room on ` +
              'the page';
        return {
          object: `${schema}.${name}`,
          subject: { schema, table: name },
          message:
            `${renderShare(notHot / updates)} of ${renderCount(updates)} updates wrote into each of its ${indexes} ` +
            `${indexes === 1 ? 'index' : 'indexes'}${certain}. The statistics do not tell the column; outside of the ` +
            `primary key, ${columns.join(', ')} ${columns.length === 1 ? 'is' : 'are'} in an index. Take the one that ` +
            'is written often out of it, or write it less often.',
          mend: [],
          figures: { updates, hotUpdates, movedUpdates, indexes, columns: columns.join(', ') },
        };
      }),
      unseen: [],
    };
  },
};

function isBroken({ updates, hotUpdates, movedUpdates, columns }: UpdatedTable): boolean {
  const notHot = updates - hotUpdates;
  return (
    columns.length > 0 &&
    notHot >= updates * LIMITS.shareNotHot &&
    notHot - (movedUpdates ?? 0) >= updates * LIMITS.shareForKeys
  );
}

// All columns that an index needs, those of expressions and predicates too, except for those of the primary key, which
// hardly anybody updates. BRIN summarises, and breaks no HOT update since 16. An index of a constraint has its columns
// in indkey only. Before 16, the statistics have no n_tup_newpage_upd.
const READ_UPDATES = `${WITH_TABLES_LOOKED_AT}, breaking as (
    select index.indrelid, index.indexrelid, index.indisprimary, index.indkey
    from looked_at
    join pg_index index on index.indrelid = looked_at.oid and index.indisready
    join pg_class class on class.oid = index.indexrelid
    join pg_am method on method.oid = class.relam
    where method.amname <> 'brin' or current_setting('server_version_num')::integer < 160000
  ), needed as (
    select indrelid, indisprimary, number
    from breaking, unnest(indkey::int2[]) as number
    union
    select breaking.indrelid, breaking.indisprimary, dependency.refobjsubid
    from breaking
    join pg_depend dependency
      on dependency.classid = 'pg_class'::regclass and dependency.objid = breaking.indexrelid
        and dependency.refclassid = 'pg_class'::regclass and dependency.refobjid = breaking.indrelid
  )
  select looked_at.schema, looked_at.name,
         counted.n_tup_upd::float8 as updates, counted.n_tup_hot_upd::float8 as "hotUpdates",
         (to_jsonb(counted) ->> 'n_tup_newpage_upd')::float8 as "movedUpdates",
         (select count(*)::integer from breaking where indrelid = looked_at.oid) as indexes,
         array(
           select attribute.attname::text
           from pg_attribute attribute
           where attribute.attrelid = looked_at.oid and attribute.attnum > 0
             and exists (
               select from needed where indrelid = looked_at.oid and number = attribute.attnum and not indisprimary
             )
             and not exists (
               select from needed where indrelid = looked_at.oid and number = attribute.attnum and indisprimary
             )
           order by attribute.attname
         ) as columns
  from looked_at
  join pg_stat_all_tables counted on counted.relid = looked_at.oid
  where looked_at.kind <> 'p' and counted.n_tup_upd >= ${LIMITS.updates}
  order by looked_at.schema, looked_at.name`;
