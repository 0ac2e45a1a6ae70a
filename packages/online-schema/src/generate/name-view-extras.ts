import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { TableOperation } from './table-operation';

/** Names, for every view that is dropped and made again, what nobody would make again with it. */
export async function nameViewExtras(
  runner: QueryRunner,
  operations: readonly TableOperation[],
): Promise<TableOperation[]> {
  const named: TableOperation[] = [];
  for (const [at, operation] of operations.entries()) {
    const isReplaced =
      operation.kind === 'change-view' &&
      isDrop(operation) &&
      operations.slice(at + 1).some((other) => other.kind === 'change-view' && other.name === operation.name);
    const dependents = isReplaced ? await readExtras(runner, operation.name) : [];
    named.push(dependents.length === 0 ? operation : { ...operation, dependents });
  }
  return named;
}

function isDrop({ up }: TableOperation): boolean {
  return up.some(({ query }) => query.startsWith('DROP '));
}

async function readExtras(runner: QueryRunner, view: string): Promise<string[]> {
  const [name = '', schema] = view.split('.').reverse();
  const rows: { extras: string[] }[] = await runner.query(READ_EXTRAS, [quoteQualified(schema, name)]);
  return rows[0]?.extras ?? [];
}

// What its owner has is not granted. Indexes of a materialized view are its entity's own.
const READ_EXTRAS = `
  select array_remove(array[
    (
      select 'privileges of ' || string_agg(distinct coalesce(r.rolname, 'public'), ', ')
      from aclexplode(c.relacl) as granted
      left join pg_roles r on r.oid = granted.grantee
      where granted.grantee <> c.relowner
    ),
    (
      select 'privileges on its columns'
      from pg_attribute a
      where a.attrelid = c.oid and a.attacl is not null
      limit 1
    ),
    'options ' || array_to_string(c.reloptions, ', '),
    'its comment' || substr(obj_description(c.oid, 'pg_class'), 1, 0),
    (
      select 'triggers ' || string_agg(t.tgname, ', ' order by t.tgname)
      from pg_trigger t
      where t.tgrelid = c.oid and not t.tgisinternal
    )
  ], null) as extras
  from pg_class c
  where c.oid = to_regclass($1) and c.relkind in ('v', 'm')`;
