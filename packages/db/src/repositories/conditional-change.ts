import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';

/**
 * Which versions of a row a change is meant for: one of these, or any.
 * A version is what the row counted when it was read; the row moves on with each change.
 */
export type ExpectedVersions = readonly number[] | 'any';

/** The row is there, but at none of the versions that a change was meant for. */
export class RowChangedError extends Error {
  override readonly name = 'RowChangedError';
  readonly code = 'HOLDFAST_ROW_CHANGED';

  constructor(
    readonly entity: string,
    readonly id: string,
    /** Where it is now. */
    readonly version: number,
  ) {
    super(`${entity} ${id} is at another version`);
  }
}

interface Versioned extends ObjectLiteral {
  readonly id: string;
  readonly version: number;
}

/** A row that may change, and its name in errors. */
export interface Subject<Row extends Versioned> {
  readonly target: EntityTarget<Row>;
  readonly entity: string;
}

/**
 * Changes one row in one statement that also compares the version, so that of two changes meant for the same version one
 * is done. What is undefined stays. Resolves to the row as it is then, or to null if there is none.
 *
 * @throws RowChangedError
 */
export async function changeRow<Row extends Versioned>(
  manager: EntityManager,
  { target, entity }: Subject<Row>,
  id: string,
  change: Readonly<Record<string, unknown>>,
  expected: ExpectedVersions,
  guard = 'true',
): Promise<Row | null> {
  // Without those that ordinary reads leave out.
  const returned = manager.connection.getMetadata(target).columns.filter(({ isSelect }) => isSelect);
  const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const query = manager
    .createQueryBuilder()
    .update(target)
    .set({ ...set, updatedAt: () => 'now()', version: () => 'version + 1' } as never)
    .where('id = :id', { id })
    .andWhere(`(${guard})`)
    .returning(returned.map(({ propertyName }) => propertyName));
  if (expected !== 'any') query.andWhere('version = any(:expected::integer[])', { expected });
  const { raw } = await query.execute();
  const [row]: ObjectLiteral[] = raw;
  if (row !== undefined) {
    const entries = returned.map(({ propertyName, databaseName }) => [propertyName, row[databaseName]]);
    return manager.create(target, Object.fromEntries(entries));
  }
  await refuseChange(manager, target, entity, id, expected);
  return null;
}

/**
 * Deletes one row in one statement that also compares the version. Resolves to whether there was one.
 *
 * @throws RowChangedError
 */
export async function deleteRow<Row extends Versioned>(
  manager: EntityManager,
  { target, entity }: Subject<Row>,
  id: string,
  expected: ExpectedVersions,
): Promise<boolean> {
  const query = manager.createQueryBuilder().delete().from(target).where('id = :id', { id });
  if (expected !== 'any') query.andWhere('version = any(:expected::integer[])', { expected });
  const { affected } = await query.execute();
  if (affected === 1) return true;
  await refuseChange(manager, target, entity, id, expected);
  return false;
}

/** Nothing was changed: the row is gone, or it has moved on. */
async function refuseChange(
  manager: EntityManager,
  target: EntityTarget<Versioned>,
  entity: string,
  id: string,
  expected: ExpectedVersions,
): Promise<void> {
  const row = await manager
    .createQueryBuilder(target, 'r')
    .select(['r.id', 'r.version'])
    .where('r.id = :id', { id })
    .getOne();
  // At a version that was meant, the guard has stood in the way: versions only move on.
  if (row !== null && expected !== 'any' && !expected.includes(row.version))
    throw new RowChangedError(entity, id, row.version);
}
