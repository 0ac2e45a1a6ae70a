import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource, EntitySchema } from 'typeorm';
import { generate } from '../generate/generate';
import { type Plan, planChanges } from '../plan/plan-changes';
import { migrate } from '../run/migrate';
import { makeMigrationsFolder } from './migrations-folder';
import { readSchema } from './read-schema';
import type { Scratch } from './scratch';

/** What became of a schema on the way to the entities and back. */
export interface RoundTrip {
  readonly plan: Plan;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What a second plan finds. */
  readonly again: Plan;
  readonly reverted: readonly string[];
}

interface RoundTripOptions {
  readonly allow?: readonly string[];
  /** What happens before the revert. */
  readonly use?: (dataSource: DataSource) => Promise<unknown>;
}

/** Makes a schema, plans from it to the entities, writes and applies the migrations, and reverts them. */
export async function roundTrip(
  scratch: Scratch,
  sql: string,
  entities: readonly EntitySchema<object>[],
  { allow = [], use }: RoundTripOptions = {},
): Promise<RoundTrip> {
  await scratch.dataSource.query('drop schema public cascade; create schema public');
  await scratch.dataSource.query(sql);
  const directory = makeMigrationsFolder();
  const open = () => scratch.open({ entities: [...entities], migrations: [join(directory, '*.ts')] });
  const before = await readSchema(scratch.dataSource);
  const first = await open();
  try {
    const plan = await planChanges(first, { allow });
    const { files } = await generate(first, { name: 'change', directory, allow });
    const dataSource = await open();
    try {
      await migrate(dataSource);
      const after = await readSchema(dataSource);
      await use?.(dataSource);
      const again = await planChanges(dataSource);
      for (const _file of files) await dataSource.undoLastMigration({ transaction: 'none' });
      return { plan, before, after, again, reverted: await readSchema(dataSource) };
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await first.destroy();
    rmSync(directory, { recursive: true, force: true });
  }
}
