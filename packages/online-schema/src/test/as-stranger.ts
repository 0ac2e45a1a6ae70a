import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';

/**
 * Does the work as a role that owns nothing and was granted nothing but `grants`, which follow GRANT and leave out TO.
 * The DataSource must have a single connection.
 */
export async function asStranger<T>(
  dataSource: DataSource,
  grants: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const role = `stranger_${randomBytes(6).toString('hex')}`;
  await dataSource.query(`create role ${role}`);
  try {
    for (const grant of grants) await dataSource.query(`grant ${grant} to ${role}`);
    await dataSource.query(`set role ${role}`);
    return await work();
  } finally {
    await dataSource.query('reset role');
    await dataSource.query(`drop owned by ${role}`);
    await dataSource.query(`drop role ${role}`);
  }
}
