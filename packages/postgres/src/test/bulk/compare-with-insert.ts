import type { DataSource } from 'typeorm';
import type { BulkRow } from '../../bulk/bulk-row';
import { Everything } from './entities';

/** What is in the table afterwards, or that nothing could be written: of several reasons each way may meet another first. */
type Written = { readonly rows: unknown[] } | 'refused';

/** What differs between two runs of the very same statement, when a row does not give it. */
const OWN = ['token', 'createdAt', 'updatedAt'] as const;

/** Empties the table, lets `write` fill it, and reads every column as the server writes it, in the order of the input. */
export async function readWritten(
  dataSource: DataSource,
  rows: readonly BulkRow<Everything>[],
  write: (rows: BulkRow<Everything>[]) => Promise<unknown>,
  { withIds }: { readonly withIds: boolean },
): Promise<Written> {
  const { tablePath, columns } = dataSource.getMetadata(Everything);
  const table = tablePath
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  await dataSource.query(`TRUNCATE ${table} RESTART IDENTITY`);
  try {
    // `big` carries the position; TypeORM writes generated values into the rows it is given.
    await write(
      rows.map((row, index) => ({
        ...row,
        ...(row.price && { price: { ...row.price } }),
        big: String(index),
      })),
    );
  } catch (error) {
    // A mistake of ours is not a refusal.
    if (error instanceof TypeError || (error as Error).cause instanceof TypeError) throw error;
    return 'refused';
  }
  const list = columns.map(({ databaseName }) => `"${databaseName}"::text`).join(', ');
  const written: Record<string, string | null>[] = await dataSource.query(
    `SELECT ${list} FROM ${table} ORDER BY big`,
  );
  for (const [index, values] of written.entries()) {
    for (const name of OWN)
      if (rows[index]?.[name] === undefined && values[name] !== null) values[name] = 'generated';
    if (!withIds) delete values.id;
  }
  return { rows: written };
}
