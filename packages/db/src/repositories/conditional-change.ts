import { type BulkRow, createRepository } from '@holdfast/postgres';
import {
  type EntityManager,
  type EntityTarget,
  type FindOptionsWhere,
  In,
  type ObjectLiteral,
} from 'typeorm';

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
 * @param guard What else must hold of the row.
 * @throws RowChangedError
 */
export async function changeRow<Row extends Versioned>(
  manager: EntityManager,
  subject: Subject<Row>,
  id: string,
  change: BulkRow<Row>,
  expected: ExpectedVersions,
  guard?: FindOptionsWhere<Row>,
): Promise<Row | null> {
  const where = meantFor(expected, guard);
  const row = await createRepository(manager, subject.target).update(id, change, { where });
  if (row === null) await refuseChange(manager, subject, id, expected);
  return row;
}

/**
 * Deletes one row in one statement that also compares the version. Resolves to whether there was one.
 *
 * @throws RowChangedError
 */
export async function deleteRow<Row extends Versioned>(
  manager: EntityManager,
  subject: Subject<Row>,
  id: string,
  expected: ExpectedVersions,
): Promise<boolean> {
  const row = await createRepository(manager, subject.target).delete(id, { where: meantFor(expected) });
  if (row === null) await refuseChange(manager, subject, id, expected);
  return row !== null;
}

function meantFor<Row extends Versioned>(
  expected: ExpectedVersions,
  guard?: FindOptionsWhere<Row>,
): FindOptionsWhere<Row> {
  return { ...guard, ...(expected !== 'any' && { version: In(expected) }) } as FindOptionsWhere<Row>;
}

/** Nothing was changed: the row is gone, or it has moved on. */
async function refuseChange<Row extends Versioned>(
  manager: EntityManager,
  { target, entity }: Subject<Row>,
  id: string,
  expected: ExpectedVersions,
): Promise<void> {
  if (expected === 'any') return;
  const where = { id } as FindOptionsWhere<Row>;
  const row = await createRepository(manager, target).findOne({ where, select: ['id', 'version'] });
  // At a version that was meant, the guard has stood in the way: versions only move on.
  if (row !== null && !expected.includes(row.version)) throw new RowChangedError(entity, id, row.version);
}
