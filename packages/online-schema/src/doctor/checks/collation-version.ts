import { quoteIdentifier, quoteQualified } from '../../specification/identifier';
import type { Check, Finding } from '../check';
import { renderNames } from '../explain-hidden';
import { renderBytes } from '../quantity';

interface AffectedIndex {
  readonly schema: string;
  readonly name: string;
  readonly bytes: number;
  /** Of an exclusion constraint, which can be rebuilt only with writers locked out. */
  readonly exclusion: boolean;
}

interface ChangedCollation {
  readonly schema: string;
  readonly name: string;
  /** Name of the database, where it is its default collation. */
  readonly database: string | null;
  readonly recorded: string;
  readonly actual: string | null;
  readonly indexes: readonly AffectedIndex[];
}

/**
 * A collation that sorts by other rules than those its indexes were built with: an update of the operating system or
 * of ICU changed them. Lookups then miss rows that are there, and unique indexes let duplicates in.
 */
export const collationVersion: Check = {
  id: 'collation-version',
  title: 'Collation newer than its indexes',
  severity: 'critical',
  async run({ runner }) {
    const collations: ChangedCollation[] = await runner.query(READ_CHANGED_COLLATIONS);
    return { findings: collations.map(toFinding), unseen: [] };
  },
};

function toFinding({ schema, name, database, recorded, actual, indexes }: ChangedCollation): Finding {
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0);
  const count = indexes.length;
  const consequence =
    count === 0
      ? 'No index sorts by it, so that only the note of the version is out of date.'
      : `${count} ${count === 1 ? 'index sorts' : 'indexes sort'} by it, ${renderBytes(bytes)} in all: ` +
        `${renderNames(indexes.map((index) => `${index.schema}.${index.name}`))}. Until rebuilt, they may miss rows ` +
        'and let duplicates in. Tables partitioned by such a text, and other databases, are to be looked at as well.';
  return {
    object: database === null ? `${schema}.${name}` : `database ${database}`,
    subject: { schema },
    message:
      `Version ${recorded} of ${database === null ? 'the collation' : 'the default collation'} is on record, and the server ` +
      `sorts by ${actual ?? 'one that it does not tell'}. ${consequence}`,
    mend: [
      ...indexes.map(
        (index) =>
          `REINDEX INDEX${index.exclusion ? '' : ' CONCURRENTLY'} ${quoteQualified(index.schema, index.name)}`,
      ),
      database === null
        ? `ALTER COLLATION ${quoteQualified(schema, name)} REFRESH VERSION`
        : `ALTER DATABASE ${quoteIdentifier(database)} REFRESH COLLATION VERSION`,
    ],
    figures: { recorded, actual, indexes: count, bytes },
    ...(count === 0 && { severity: 'notice' }),
  };
}

// Indexes of every schema: the version is noted once for all of them, and refreshing it would hide the others. The
// builtin provider sorts by code point, whatever its version. What does not depend on the order of the collation is
// left out: hash where equal means the same bytes, SP-GiST and the pattern classes of btree, which compare bytes, and
// trigrams. For the rest it leans towards naming one too many: a rebuild for
// nothing is better than a wrong index. An expression or predicate may use a collation without having it.
const READ_CHANGED_COLLATIONS = `
  with changed as (
    select rule.oid, space.nspname as schema, rule.collname as name, null::name as database,
           rule.collversion as recorded, pg_collation_actual_version(rule.oid) as actual,
           rule.collisdeterministic as deterministic
    from pg_collation rule
    join pg_namespace space on space.oid = rule.collnamespace
    where rule.collversion is not null and rule.collprovider not in ('b', 'd')
    union all
    select 'pg_catalog."default"'::regcollation, 'pg_catalog', 'default', datname,
           datcollversion, pg_database_collation_actual_version(oid), true
    from pg_database
    where datname = current_database() and datcollversion is not null and datlocprovider <> 'b'
  ), sorted as (
    select changed.oid as rule, index.indexrelid
    from changed
    join pg_index index on changed.oid = any (index.indcollation::oid[])
    join pg_class class on class.oid = index.indexrelid
    join pg_am method on method.oid = class.relam
    where exists (
      select from unnest(index.indcollation::oid[], index.indclass::oid[]) as key (rule, class)
      join pg_opclass class on class.oid = key.class
      where key.rule = changed.oid
        and not (method.amname = 'hash' and changed.deterministic)
        and method.amname <> 'spgist'
        and not (method.amname = 'btree' and class.opcname like '%pattern_ops')
        and class.opcname not in ('gin_trgm_ops', 'gist_trgm_ops')
    )
    union
    select changed.oid, dependency.objid
    from changed
    join pg_depend dependency
      on dependency.refclassid = 'pg_collation'::regclass and dependency.refobjid = changed.oid
        and dependency.classid = 'pg_class'::regclass and dependency.refobjsubid = 0
    join pg_index index on index.indexrelid = dependency.objid
    where not (changed.oid = any (index.indcollation::oid[]))
  )
  select schema, name, database, recorded, actual,
         (
           select coalesce(
             json_agg(
               json_build_object(
                 'schema', space.nspname, 'name', class.relname, 'bytes', pg_relation_size(class.oid),
                 'exclusion', index.indisexclusion
               )
               order by space.nspname, class.relname
             ),
             '[]'
           )
           from sorted
           join pg_index index on index.indexrelid = sorted.indexrelid
           join pg_class class on class.oid = sorted.indexrelid and class.relkind = 'i'
           join pg_namespace space on space.oid = class.relnamespace
           where sorted.rule = changed.oid
         ) as indexes
  from changed
  where recorded is distinct from actual
    and (database is not null or exists (select from sorted where sorted.rule = changed.oid))
  order by database nulls last, schema, name`;
