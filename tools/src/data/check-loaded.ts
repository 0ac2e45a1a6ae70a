import type { Client } from 'pg';

/** What one table takes on the disk. */
export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

/** Reads how many rows and bytes each of the tables has. */
export async function readTableSizes(
  client: Client,
  tables: readonly string[],
): Promise<readonly TableSize[]> {
  const sizes: TableSize[] = [];
  for (const table of tables) {
    const counted = await client.query<{ rows: string; table: string; index: string }>(
      `select count(*) as rows, pg_table_size('${table}') as "table", pg_indexes_size('${table}') as index from ${table}`,
    );
    const [row] = counted.rows;
    sizes.push({
      table,
      rows: Number(row?.rows),
      tableBytes: Number(row?.table),
      indexBytes: Number(row?.index),
    });
  }
  return sizes;
}

/** What speaks against the data in the database: streams with gaps, and ids of no row. */
export async function listFaults(client: Client): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [fault, statement] of FAULTS) {
    const [found] = (await client.query<{ count: string }>(statement)).rows;
    if (Number(found?.count) > 0) faults.push(`${found?.count} ${fault}`);
  }
  return faults;
}

const FAULTS: readonly (readonly [fault: string, statement: string])[] = [
  [
    'streams whose versions are not 1, 2, 3 …',
    `select count(*)
     from (
       select from events
       group by aggregate_type, aggregate_id
       having min(aggregate_version) <> 1
         or max(aggregate_version) <> count(*)
         or count(distinct aggregate_version) <> count(*)
     ) as streams`,
  ],
  [
    'events of an organization that is not there',
    `select count(*) from events as e
     where e.organization_id is not null
       and not exists (select from organizations as o where o.id = e.organization_id)`,
  ],
  [
    'events of a user who is not there',
    `select count(*) from events as e
     where e.user_id is not null and not exists (select from users as u where u.id = e.user_id)`,
  ],
];
