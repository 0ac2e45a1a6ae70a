import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';

/**
 * Afterwards the transaction holds the lock on the partitioned table and on every table below it. All of the locks
 * together are waited for no longer than the session's `lock_timeout`; a statement that takes them by itself would
 * wait that long for each one in turn, with whoever uses the others queued behind it.
 *
 * Tables that this role does not own are left out, and so are foreign ones, which `LOCK TABLE` does not take.
 *
 * @throws whatever the driver throws for 55P03 when the time is over.
 */
export async function lockTables(runner: QueryRunner, table: CatalogTable): Promise<void> {
  await runner.query(LOCK_TABLES.replace('$oid', String(Number(table.oid))));
}

// Parents before their partitions, the order in which writers lock them. A timeout of 0 would be none, so the last
// millisecond is spent over and over, which is soon noticed; without a lock_timeout, nothing is bounded.
const LOCK_TABLES = `
do $$
declare
  allowed_ms constant integer := extract(epoch from current_setting('lock_timeout')::interval) * 1000;
  started constant timestamptz := clock_timestamp();
  place record;
begin
  for place in
    select t.relid::regclass as name
    from pg_partition_tree($oid) t
    join pg_class c on c.oid = t.relid
    where c.relkind in ('r', 'p')
    order by t.level, t.relid
  loop
    if allowed_ms > 0 then
      perform set_config(
        'lock_timeout',
        greatest(1, allowed_ms - extract(epoch from clock_timestamp() - started) * 1000)::integer::text,
        true
      );
    end if;
    begin
      execute format('lock table only %s in access exclusive mode', place.name);
    exception
      when insufficient_privilege then null;
    end;
  end loop;
  perform set_config('lock_timeout', allowed_ms::text, true);
end
$$`;
