import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DataSource, MigrationExecutor } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { migrate } from '../run/migrate';
import { openScratch, type Scratch } from '../test/scratch';
import {
  Card,
  CustomerAfter,
  CustomerBefore,
  CustomerLonger,
  CustomerMisspelt,
  CustomerRenamed,
  CustomerWithCard,
  CustomerWithUnique,
} from '../test/shop.entities';
import { generate } from './generate';

const scratchFolder = join(__dirname, '..', '..', '.generated');

describe('generate', () => {
  let scratch: Scratch;
  let directory: string;

  beforeEach(async () => {
    scratch = await openScratch();
    // Inside the package, so that the files find their imports as they would in a project.
    mkdirSync(scratchFolder, { recursive: true });
    directory = mkdtempSync(join(scratchFolder, 'migrations-'));
  });

  afterEach(async () => {
    await scratch.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (entity: new () => object): Promise<DataSource> =>
    scratch.open({ entities: [entity], migrations: [join(directory, '*.ts')] });
  const indexes = async (dataSource: DataSource) => {
    const runner = dataSource.createQueryRunner();
    try {
      const found = await readIndexes(runner, { tables: ['customers'] });
      return Object.fromEntries(
        found.filter((i) => i.constraint === null).map((i) => [i.name, i.keys.join(', ')]),
      );
    } finally {
      await runner.release();
    }
  };

  const constraints = async (dataSource: DataSource): Promise<string[]> => {
    const rows: { line: string }[] = await dataSource.query(
      `select conname || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
       where conrelid = 'customers'::regclass order by 1`,
    );
    return rows.map(({ line }) => line);
  };

  /** Generates from the entities and applies what was written. */
  const evolve = async (name: string, now: number, entity: new () => object, allow: string[] = []) => {
    const result = await generate(await open(entity), { name, directory, now, allow });
    const dataSource = await open(entity);
    await migrate(dataSource);
    return { result, dataSource };
  };

  it('writes tables in one transaction, then indexes outside of one, and reverts all of it', async () => {
    const { result, dataSource } = await evolve('create-shop', 1_700_000_000_000, CustomerBefore);
    expect(result.files.map((file) => file.slice(directory.length + 1))).toEqual([
      '1700000000000-create-shop.ts',
      '1700000000001-create-shop-indexes.ts',
    ]);
    const [tables = '', indexFile = ''] = result.files.map((file) => readFileSync(file, 'utf8'));
    expect(tables).toContain('readonly transaction = true;');
    expect(tables).not.toMatch(/create (unique )?index/i);
    expect(indexFile).toContain('readonly transaction = false;');
    expect(await indexes(dataSource)).toEqual({
      idx_customers_email: 'lower(email)',
      idx_customers_recent: 'status, created_at DESC',
      idx_customers_status: 'status',
    });

    await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await indexes(dataSource)).toEqual({});
    await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await dataSource.query(`select to_regclass('customers') as found`)).toEqual([{ found: null }]);
  });

  it('writes nothing when nothing has changed', async () => {
    await evolve('create-shop', 1_700_000_000_000, CustomerBefore);
    const again = await generate(await open(CustomerBefore), { name: 'again', directory });
    expect(again).toEqual({ files: [], tableStatements: 0, droppedColumns: [], indexChanges: [], steps: [] });
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('replaces, builds and drops what was edited, and its revert restores what was there', async () => {
    const { dataSource: first } = await evolve('create-shop', 1_700_000_000_000, CustomerBefore);
    const before = await indexes(first);
    const { result, dataSource } = await evolve('add-country', 1_700_000_100_000, CustomerAfter, [
      'drop-index',
    ]);
    expect(result.indexChanges.map(({ kind, ...change }) => [kind, nameOf(change)])).toEqual([
      ['replace', 'idx_customers_recent'],
      ['create', 'idx_customers_country'],
      ['drop', 'idx_customers_status'],
    ]);
    expect(await indexes(dataSource)).toEqual({
      idx_customers_email: 'lower(email)',
      idx_customers_recent: 'status, created_at DESC NULLS LAST, country',
      idx_customers_country: 'country',
    });
    expect((await generate(dataSource, { name: 'again', directory })).files).toEqual([]);

    await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await indexes(dataSource)).toEqual(before);
  });

  it.each([
    [
      'drops the indexes of a column that is dropped first',
      CustomerBefore,
      ['country'],
      ['change-country-drop-indexes.ts', 'change-country.ts', 'change-country-indexes.ts'],
    ],
    ['keeps the indexes of a column that is renamed', CustomerRenamed, [], ['change-country.ts']],
  ])('%s, and its revert restores columns and indexes', async (_, next, dropped, files) => {
    const { dataSource: first } = await evolve('create-shop', 1_700_000_000_000, CustomerAfter);
    const before = await indexes(first);
    const { result, dataSource } = await evolve('change-country', 1_700_000_100_000, next, [
      'drop-column',
      'rename-column',
    ]);
    expect(result.files.map((file) => file.slice(directory.length + 15))).toEqual(files);
    expect(result.droppedColumns.map(({ column }) => column)).toEqual(dropped);
    expect(await indexes(dataSource)).not.toEqual(before);
    expect((await generate(dataSource, { name: 'again', directory })).files).toEqual([]);

    for (const _file of result.files) await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await indexes(dataSource)).toEqual(before);
    await migrate(dataSource);
  });

  it('refuses a change for which TypeORM would empty the column', async () => {
    await evolve('create-shop', 1_700_000_000_000, CustomerAfter);
    await expect(generate(await open(CustomerLonger), { name: 'longer', directory })).rejects.toMatchObject({
      code: 'HOLDFAST_HAZARD_REFUSED',
      message: expect.stringMatching(
        /column "country" of "customers" changes from text to character varying\(40\), .* empty \[change-type\]; .* ALTER COLUMN "country" TYPE/,
      ),
    });
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('writes files that a formatter would not change', async () => {
    await evolve('create-shop', 1_700_000_000_000, CustomerBefore);
    await evolve('add-country', 1_700_000_100_000, CustomerAfter, ['drop-index']);
    const root = join(__dirname, '..', '..', '..', '..');
    for (const file of readdirSync(directory)) {
      const text = readFileSync(join(directory, file), 'utf8');
      const formatted = execFileSync(
        join(root, 'node_modules', '.bin', 'biome'),
        ['format', `--config-path=${root}`, `--stdin-file-path=${join(root, 'packages', 'db', 'src', file)}`],
        { cwd: root, input: text, encoding: 'utf8' },
      );
      expect(formatted).toBe(text);
    }
  });

  it('leaves to TypeORM a schema in which it finds nothing to change', async () => {
    const { dataSource } = await evolve('create-shop', 1_700_000_000_000, CustomerAfter);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries).toEqual([]);
  });

  it('names entity and property of an index on a column that does not exist', async () => {
    await expect(generate(await open(CustomerMisspelt), { name: 'bad', directory })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_DECLARATION',
      message:
        '@Index "idx_customers_mail" on CustomerMisspelt: unknown property "emial"; CustomerMisspelt has email, id',
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('builds a unique constraint of a table that exists from a concurrent index, and takes it away again', async () => {
    await evolve('create-shop', 1_700_000_000_000, CustomerAfter);
    const { result, dataSource } = await evolve('unique', 1_700_000_100_000, CustomerWithUnique);
    expect(result.files.map((file) => file.slice(directory.length + 15))).toEqual(['unique-constraints.ts']);
    expect(result.steps.map(({ kind, transaction }) => [kind, transaction])).toEqual([
      ['build index', 'none'],
      ['add constraint', 'own'],
    ]);
    expect(await constraints(dataSource)).toContain('customers_email_status_key UNIQUE (email, status)');
    expect((await generate(dataSource, { name: 'again', directory })).files).toEqual([]);
    await dataSource.undoLastMigration({ transaction: 'none' });
    expect(await constraints(dataSource)).not.toContain('customers_email_status_key UNIQUE (email, status)');
  });

  it('makes a @OneToOne of a table that exists without stopping its writers', async () => {
    await evolve('create-shop', 1_700_000_000_000, CustomerAfter);
    const entities = [CustomerWithCard, Card];
    const migrations = [join(directory, '*.ts')];
    const now = 1_700_000_100_000;
    const written = await generate(await scratch.open({ entities, migrations }), {
      name: 'card',
      directory,
      now,
    });
    expect(written.files.map((file) => file.slice(directory.length + 15))).toEqual([
      'card.ts',
      'card-constraints.ts',
    ]);
    const dataSource = await scratch.open({ entities, migrations });
    await migrate(dataSource);
    expect((await constraints(dataSource)).filter((line) => line.includes('card_id'))).toEqual([
      expect.stringMatching(/^FK_.* FOREIGN KEY \(card_id\) REFERENCES cards\(id\)$/),
      expect.stringMatching(/^REL_.* UNIQUE \(card_id\)$/),
    ]);
    expect((await generate(dataSource, { name: 'again', directory })).files).toEqual([]);
  });

  it('refuses to write a second time what is written and not built yet', async () => {
    const dataSource = await open(CustomerBefore);
    await generate(dataSource, { name: 'create-shop', directory });
    await expect(generate(dataSource, { name: 'create-shop', directory })).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATIONS_PENDING',
      message: expect.stringContaining('build and apply it first'),
    });
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('runs after every migration that is there, also one from a clock that is ahead', async () => {
    await evolve('create-shop', 1_700_000_100_000, CustomerAfter);
    const { result } = await evolve('unique', 1_600_000_000_000, CustomerWithUnique);
    expect(result.files.map((file) => file.slice(directory.length + 1))).toEqual([
      '1700000100002-unique-constraints.ts',
    ]);
  });

  it('refuses while migrations are pending, and a name that is no file name', async () => {
    await generate(await open(CustomerBefore), { name: 'create-shop', directory, now: 1_700_000_000_000 });
    const dataSource = await open(CustomerBefore);
    expect(await new MigrationExecutor(dataSource).getPendingMigrations()).toHaveLength(2);
    await expect(generate(dataSource, { name: 'again', directory })).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATIONS_PENDING',
    });
    await expect(generate(dataSource, { name: '../Escape', directory })).rejects.toMatchObject({
      code: 'HOLDFAST_MIGRATION_NAME',
    });
  });
});

function nameOf(change: { definition?: { name: string }; previous?: { name: string } }): string | undefined {
  return change.definition?.name ?? change.previous?.name;
}
