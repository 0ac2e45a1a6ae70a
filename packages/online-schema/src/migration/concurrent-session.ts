import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import type { IndexDefinition } from '../specification/index-definition';
import { renderDropIndex } from '../specification/render-index';
import { throwIfAborted } from './abortable-wait';
import { leaveCoresToWriters } from './build-workers';
import { allowLongStatements } from './long-statements';
import { MigrationError } from './migration-error';
import { runOf, uninterrupted } from './run-context';
import { readSettings, writeSettings } from './session-settings';
import { currentName } from './steps';
import { waitForBuilds } from './wait-for-builds';

// A statement that is ended half-way leaves an invalid index behind, so nothing ends it but the run. The last
// lets the server notice within seconds that the runner has been killed; some systems cannot, and refuse the setting.
const UNLIMITED = ['lock_timeout', 'statement_timeout', 'transaction_timeout'] as const;
const NOTICES_DEATH = new Map([['client_connection_check_interval', '2s']]);

/**
 * Runs a CONCURRENTLY statement on an index of the table the way it must be: outside a transaction, while no other
 * session builds an index of that table, and without the timeouts of session and driver. Waiting for old snapshots counts as
 * a lock wait, so a short `lock_timeout` would leave an invalid index behind as soon as anybody reads for longer;
 * `statement_timeout` the same on a large table.
 *
 * @throws an AbortError if the run's signal aborts before the statement was sent; afterwards it is cancelled, and
 * fails with 57014.
 */
export async function runConcurrently(
  runner: QueryRunner,
  table: CatalogTable,
  statement: string,
): Promise<void> {
  refuseTransaction(runner);
  const { recorder, watch } = runOf(runner);
  if (recorder !== undefined) return recorder.record(statement);
  await waitForBuilds(runner, table);
  throwIfAborted(runner);
  const before = await readSettings(runner, [...UNLIMITED, ...NOTICES_DEATH.keys()]);
  const undo: (() => void | Promise<void>)[] = [() => writeSettings(runner, before)];
  try {
    const unlimited = UNLIMITED.filter((name) => before.has(name)).map((name) => [name, '0'] as const);
    await writeSettings(runner, new Map(unlimited));
    await writeSettings(runner, NOTICES_DEATH).catch(() => undefined);
    undo.push(await leaveCoresToWriters(runner));
    undo.push(allowLongStatements(await runner.connect()));
    const run = () => runner.query(statement);
    await (watch === undefined ? run() : watch.follow(currentName(runner) ?? table.name, run));
  } finally {
    // If the connection is gone the settings are too, and the first error is the one to hear about.
    await uninterrupted(runner, async () => {
      for (const one of undo.toReversed()) await Promise.resolve(one()).catch(() => undefined);
    });
  }
}

/**
 * Drops an index of the table concurrently. The run's signal does not end that: a drop that is given up half-way
 * leaves an invalid index, which costs every write and serves nobody.
 */
export async function dropConcurrently(
  runner: QueryRunner,
  table: CatalogTable,
  index: Pick<IndexDefinition, 'schema' | 'name'>,
): Promise<void> {
  await waitForBuilds(runner, table);
  throwIfAborted(runner);
  await uninterrupted(runner, () => runConcurrently(runner, table, renderDropIndex(index)));
}

/** Says how to mend it, because PostgreSQL's 25001 does not know of TypeORM's settings. */
export function refuseTransaction(runner: QueryRunner): void {
  if (!runner.isTransactionActive) return;
  throw new MigrationError(
    'HOLDFAST_INSIDE_TRANSACTION',
    'an index cannot be built or dropped concurrently inside a transaction; set ' +
      `migrationsTransactionMode: 'none' in the DataSource and transaction = false in the migration`,
  );
}
