import type { EntityMetadata } from 'typeorm';
import { CopyFailedError } from './bulk-error';
import { isRowRefusal } from './row-refusal';

/** `COPY orders, line 3, column total: "x"`: the value that may follow is the caller's and is left behind. */
const CONTEXT = /^COPY .+?, line (\d+)(?:, column (.+?)(?=: |$))?/m;

/** What PostgreSQL tells of an error; the loss of a connection has none of it. */
type ServerError = Error & { readonly code?: string; readonly where?: string; readonly column?: string };

/** Names the row of a COPY that the server refused, as far as it said so. */
export function describeCopyFailure(metadata: EntityMetadata, error: Error): CopyFailedError {
  const { where, column, code } = error as ServerError;
  // A server that ends the session, or is told to stop, says where it was; that row is as good as any.
  const isRefusal = isRowRefusal({ code, where });
  const [, line, named] = (isRefusal && where !== undefined && CONTEXT.exec(where)) || [];
  const name = column ?? named;
  // A line of the context that only looks like COPY's own names no column of this table.
  const known = metadata.columns.find(({ databaseName }) => databaseName === name);
  return new CopyFailedError(
    metadata.name,
    line === undefined ? undefined : Number(line),
    known?.databaseName,
    error,
  );
}
