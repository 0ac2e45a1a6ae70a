import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import type { CatalogIndex } from '../specification/index-definition';
import { MigrationError } from './migration-error';

/**
 * Lets pass only an index that can be dropped once another has taken its name. One that a foreign key refers to
 * PostgreSQL does not drop, which is found out only after the swap; with the one by which a publication tells rows
 * apart it silently drops that too, and every UPDATE and DELETE of the table fails from then on.
 *
 * @throws MigrationError HOLDFAST_INDEX_IN_USE
 */
export async function refuseInUse(
  runner: QueryRunner,
  { schema, table, name }: Pick<CatalogIndex, 'schema' | 'table' | 'name'>,
): Promise<void> {
  const rows: { foreignKeys: string[]; isIdentity: boolean }[] = await runner.query(
    `select
       array(
         select c.conname || ' of ' || c.conrelid::regclass::text
         from pg_constraint c
         where c.conindid = x.indexrelid and c.contype = 'f'
         order by 1
       ) as "foreignKeys",
       x.indisreplident as "isIdentity"
     from pg_index x
     where x.indexrelid = to_regclass($1)`,
    [quoteQualified(schema, name)],
  );
  const [use] = rows;
  if (use === undefined || (use.foreignKeys.length === 0 && !use.isIdentity)) return;
  const [reason, remedy] =
    use.foreignKeys.length > 0
      ? [
          `foreign key ${use.foreignKeys.join(', ')} refers to it`,
          'let that refer to another unique index first',
        ]
      : [
          'it is the replica identity of its table',
          `name another one first: ALTER TABLE ${quoteQualified(schema, table)} REPLICA IDENTITY USING INDEX …`,
        ];
  throw new MigrationError(
    'HOLDFAST_INDEX_IN_USE',
    `index ${name} on ${table} is of another definition and cannot be replaced: ${reason}; ${remedy}, or declare the ` +
      'new definition under another name',
  );
}
