import type { EntityMetadata } from 'typeorm';
import { CopyFailedError } from './bulk-error';

/** `COPY orders, line 3, column total: "x"`: the value that may follow is the caller's and is left behind. */
const CONTEXT = /^COPY .+?, line (\d+)(?:, column (.+?)(?=: |$))?/m;

/** Names the row of a COPY that the server refused, as far as it said so. */
export function describeCopyFailure(metadata: EntityMetadata, error: Error): CopyFailedError {
  const { where, column } = error as Error & { readonly where?: unknown; readonly column?: unknown };
  const [, line, named] = (typeof where === 'string' && CONTEXT.exec(where)) || [];
  const name = typeof column === 'string' ? column : named;
  // A line of the context that only looks like COPY's own names no column of this table.
  const known = metadata.columns.find(({ databaseName }) => databaseName === name);
  return new CopyFailedError(
    metadata.name,
    line === undefined ? undefined : Number(line),
    known?.databaseName,
    error,
  );
}
