import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import { readReferences } from './read-references';
import type { TableOperation } from './table-operation';

/** What needs a column so that no type can be changed; for a drop, generated columns and foreign keys count as well. */
const IN_THE_WAY = ['pg_rewrite', 'pg_policy', 'pg_trigger', 'pg_proc', 'pg_publication_rel'];
const IN_THE_WAY_OF_DROP = [...IN_THE_WAY, 'pg_constraint', 'pg_attrdef'];

/**
 * Names, for every column that goes or gets another type and every unique constraint that goes or gets another definition,
 * what the server would refuse it for. What the same operations drop before does not count.
 */
export async function nameDependents(
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const gone = new Set(
    operations.flatMap((operation) => {
      if (operation.kind === 'change-view') return [operation.name.split('.').at(-1) ?? ''];
      return operation.kind === 'drop-foreign-key' ? [operation.previous.name] : [];
    }),
  );
  const named: TableOperation[] = [];
  for (const operation of operations) {
    const { kind, isNew } = operation;
    if ((kind === 'add-unique' || kind === 'drop-unique') && operation.previous !== undefined) {
      const dependents = await readReferences(runner, operation.previous, operations);
      named.push(dependents.length === 0 ? operation : { ...operation, dependents });
      continue;
    }
    if (isNew || (kind !== 'drop-column' && kind !== 'set-type')) {
      named.push(operation);
      continue;
    }
    const rows: { description: string; name: string }[] = await runner.query(READ_DEPENDENTS, [
      quoteQualified(operation.table.schema, operation.table.table),
      operation.column,
      kind === 'drop-column' ? IN_THE_WAY_OF_DROP : IN_THE_WAY,
    ]);
    const dependents = rows.filter(({ name }) => !gone.has(name)).map(({ description }) => description);
    named.push(dependents.length === 0 ? operation : { ...operation, dependents });
  }
  return named;
}

// Of a view, its rule is what depends on the column.
const READ_DEPENDENTS = `
  select distinct
    coalesce(v.relname, c.conname, '')::text as name,
    case when v.oid is not null
      then case v.relkind when 'm' then 'materialized view ' else 'view ' end || v.oid::regclass::text
      else pg_describe_object(d.classid, d.objid, d.objsubid)
    end as description
  from pg_attribute a
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
  left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  left join pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
  left join pg_constraint c on d.classid = 'pg_constraint'::regclass and c.oid = d.objid
  where a.attrelid = to_regclass($1) and a.attname = $2 and d.deptype = 'n'
    and d.classid = any (select n::regclass::oid from unnest($3::text[]) as n)
    -- Its own constraints go with the column.
    and (d.classid <> 'pg_constraint'::regclass or c.conrelid <> a.attrelid)
  order by 2`;
