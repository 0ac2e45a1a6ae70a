import type { DataSource } from 'typeorm';
import { quoteIdentifier } from '../specification/identifier';

/** TypeORM's table of applied migrations, as a statement names it. */
export function quoteLedger({ driver, options }: DataSource): string {
  const { schema } = driver.options as { readonly schema?: string };
  const path = driver.buildTableName(options.migrationsTableName ?? 'migrations', schema, driver.database);
  return path.split('.').map(quoteIdentifier).join('.');
}
