import { isWholeIdentifier, MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import { MigrationError } from './migration-error';

/** PostgreSQL would give the index a shorter name, under which nothing here would find it again. */
export function refuseCutName({ name, table }: { readonly name: string; readonly table: string }): void {
  if (isWholeIdentifier(name)) return;
  throw new MigrationError(
    'HOLDFAST_INDEX_NAME_TOO_LONG',
    `index ${name} on ${table} cannot have that name: PostgreSQL keeps ${MAX_IDENTIFIER_BYTES} bytes of it; shorten it`,
  );
}
