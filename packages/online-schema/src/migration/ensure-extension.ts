import type { QueryRunner } from 'typeorm';
import { quoteIdentifier } from '../specification/identifier';
import { reasonOf } from '../text/reason-of';
import { MigrationError } from './migration-error';
import { runStep } from './steps';

/**
 * Afterwards the extension is installed in the database. It looks first, because only that needs no privilege:
 * where an administrator has installed it, an ordinary role may run the migration.
 *
 * @throws MigrationError if it can be neither found nor installed, with the statement for an administrator.
 */
export async function ensureExtension(runner: QueryRunner, name: string): Promise<void> {
  const installed: unknown[] = await runner.query('select 1 from pg_extension where extname = $1', [name]);
  if (installed.length > 0) return;
  const statement = `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`;
  try {
    await runStep(runner, 'create extension', name, () => runner.query(statement));
  } catch (error) {
    const reason = reasonOf(error);
    throw new MigrationError(
      'HOLDFAST_EXTENSION_MISSING',
      `extension ${name} is not installed and this role could not install it (${reason}); ` +
        `have an administrator run: ${statement}`,
      { cause: error },
    );
  }
}
