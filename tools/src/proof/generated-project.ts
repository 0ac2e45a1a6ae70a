import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Beside the dependencies of this workspace, which a project needs. */
const GENERATED = resolve(__dirname, '..', '..', '.generated');

/** A project on the disk, with no entity: its DataSource is what the commands take. */
export interface GeneratedProject extends AsyncDisposable {
  readonly dataSourceFile: string;
}

/** One migration as it stands in a file: what its `up` does, in JavaScript, with `runner`. */
export interface MigrationSource {
  /** As in `Indexes`; a timestamp is put behind it. */
  readonly name: string;
  readonly up: string;
}

/** A project with these migrations, none of which runs in a transaction, on the database of `DATABASE_URL`. */
export async function createProject(migrations: readonly MigrationSource[]): Promise<GeneratedProject> {
  await mkdir(GENERATED, { recursive: true });
  const folder = await mkdtemp(join(GENERATED, 'project-'));
  const dataSourceFile = join(folder, 'data-source.js');
  for (const [at, migration] of migrations.entries()) {
    await writeFile(join(folder, `migration-${at}.js`), renderMigration(migration, 1_900_000_000_000 + at));
  }
  await writeFile(
    dataSourceFile,
    `const { DataSource } = require('typeorm');
exports.dataSource = new DataSource({
  type: 'postgres', url: process.env.DATABASE_URL, migrations: [__dirname + '/migration-*.js'],
  migrationsTransactionMode: 'none', logging: ['query'],
});
`,
  );
  return {
    dataSourceFile,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function renderMigration({ name, up }: MigrationSource, timestamp: number): string {
  return `const { dropIndex, ensureIndex } = require('@holdfast/online-schema/migration');
exports.${name}${timestamp} = class {
  name = '${name}${timestamp}';
  transaction = false;
  async up(runner) {
    ${up}
  }
  async down() {}
};
`;
}
