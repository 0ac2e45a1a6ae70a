import { OWNERS } from './arbitrary-rows';
import { Owner } from './entities';
import { type BulkDatabase, openBulkDatabase } from './open-database';

/** Opens a database that has the owners that arbitrary rows are of; it is disposed as any other. */
export async function openOwnedDatabase(): Promise<BulkDatabase> {
  const database = await openBulkDatabase();
  try {
    await database.dataSource
      .getRepository(Owner)
      .insert(OWNERS.map((id, index) => ({ id, email: `${index}` })));
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
