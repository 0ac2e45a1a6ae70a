import type { DatabaseError } from 'pg';
import { type EntityMetadata, QueryFailedError, type QueryRunner } from 'typeorm';
import { BulkWriteError } from './bulk-write-error';
import type { Batch } from './plan-batches';
import { findRefusedRows } from './refused-rows';
import type { Statement } from './render-insert';
import { isRowRefusal } from './row-refusal';
import { type Outcome, runStatement } from './run-statements';

/** Runs the statement that writes a batch. @throws BulkWriteError when the server refuses one of its rows. */
export async function writeBatch(
  runner: QueryRunner,
  metadata: EntityMetadata,
  batch: Batch,
  statement: Statement,
  { isUpsert }: { readonly isUpsert: boolean },
): Promise<Outcome> {
  try {
    return await runStatement(runner, statement);
  } catch (error) {
    const refusal = readRefusal(error);
    if (!refusal) throw error;
    throw new BulkWriteError(metadata.name, findRefusedRows(metadata, batch, refusal, isUpsert), refusal);
  }
}

function readRefusal(error: unknown): DatabaseError | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const server: DatabaseError = error.driverError;
  return isRowRefusal(server) ? server : undefined;
}
