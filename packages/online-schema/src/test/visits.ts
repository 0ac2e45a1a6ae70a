import type { QueryRunner } from 'typeorm';

/** A partitioned table with rows: two plain partitions, and one that is partitioned again. */
export async function createVisits(runner: QueryRunner): Promise<void> {
  await runner.query('create table visits (id integer, at date, page text) partition by range (at)');
  await runner.query(
    `create table visits_2020 partition of visits for values from ('2020-01-01') to ('2021-01-01')`,
  );
  await runner.query(
    `create table visits_2021 partition of visits for values from ('2021-01-01') to ('2022-01-01')
     partition by list (id)`,
  );
  await runner.query('create table visits_2021_a partition of visits_2021 for values in (1)');
  await runner.query('create table visits_2021_b partition of visits_2021 default');
  // Its columns stand in another order, and one of them is gone.
  await runner.query('create table visits_2022 (gone integer, page text, at date, id integer)');
  await runner.query('alter table visits_2022 drop column gone');
  await runner.query(
    `alter table visits attach partition visits_2022 for values from ('2022-01-01') to ('2023-01-01')`,
  );
  await runner.query(
    `insert into visits select n % 5, '2020-01-01'::date + n, 'page ' || n from generate_series(0, 1000) n`,
  );
}

/** An index of a table of the tree, as text: `name on table, part of index`, with what is not as it should be. */
export async function readTree(runner: QueryRunner): Promise<string[]> {
  const rows: { line: string }[] = await runner.query(`
    select i.relname || ' on ' || t.relname
      || coalesce(', part of ' || (
           select p.relname from pg_inherits h join pg_class p on p.oid = h.inhparent where h.inhrelid = i.oid
         ), '')
      || case when x.indisvalid then '' else ', invalid' end
      || case when x.indisready and x.indislive then '' else ', not ready' end as line
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    join pg_class t on t.oid = x.indrelid
    where t.relnamespace = 'public'::regnamespace
    order by t.relname, i.relname`);
  return rows.map(({ line }) => line);
}
