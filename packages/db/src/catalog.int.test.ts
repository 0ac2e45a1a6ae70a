import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTestDatabase } from '@holdfast/local-postgres';
import { generate, migrate, readEntityIndexes, readIndexes } from '@holdfast/online-schema';
import { AbstractLogger, type DataSource } from 'typeorm';
import { createDataSource } from './create-data-source';
import { type OpenDatabase, openDatabase } from './test/open-database';

/** The indexes that must exist by these names, with how each key is ordered: 0 ascending, 1 DESC NULLS LAST, 3 DESC. */
const NAMED = {
  idx_organizations_name_trgm: [0],
  idx_organizations_domain: [0],
  idx_organizations_status_created: [0, 3, 3],
  idx_users_email_lower: [0],
  idx_users_name_search: [0, 0, 0],
  idx_users_status_role: [0, 0, 3, 3],
  idx_users_login_activity: [1, 3],
  idx_user_orgs_user_status: [0, 0],
  idx_user_orgs_org_role: [0, 0, 0, 0],
  idx_events_aggregate_timeline: [0, 0, 0],
  idx_events_type_timeline: [0, 0],
  idx_events_org_timeline: [0, 0],
  idx_events_user_timeline: [0, 0],
  idx_events_correlation: [0],
  idx_events_unprocessed: [0],
  idx_events_org_type_timeline: [0, 0],
  idx_events_user_type_timeline: [0, 0],
  idx_api_keys_user_status: [0, 0, 0],
  idx_api_keys_org_status: [0, 0, 0],
  idx_api_keys_expires: [0, 0],
  idx_api_keys_usage: [1, 3],
} as const;

interface CatalogRow {
  readonly name: string;
  readonly valid: boolean;
  readonly options: number[];
  readonly predicate: string | null;
  readonly classes: string[];
}

const readCatalog = (dataSource: DataSource): Promise<CatalogRow[]> =>
  dataSource.query(`
    select
      i.relname as name,
      x.indisvalid and x.indisready as valid,
      array(select unnest(x.indoption)) as options,
      pg_get_expr(x.indpred, x.indrelid) as predicate,
      array(
        select c.opcname::text
        from unnest(x.indclass) with ordinality as k(oid, n)
        join pg_opclass c on c.oid = k.oid
        order by k.n
      ) as classes
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    join pg_class t on t.oid = x.indrelid
    where i.relnamespace = 'public'::regnamespace and t.relname <> 'migrations'
    order by i.relname`);

describe('the catalog after the migrations', () => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await openDatabase();
  });

  afterAll(() => database.close());

  it('holds the twenty-one named indexes, valid, each key ordered as declared', async () => {
    const rows = new Map((await readCatalog(database.dataSource)).map((row) => [row.name, row]));
    expect(Object.keys(NAMED)).toHaveLength(21);
    for (const [name, options] of Object.entries(NAMED)) {
      expect({ name, ...rows.get(name) }).toMatchObject({ name, valid: true, options });
    }
    expect([...rows.values()].filter(({ valid }) => !valid)).toEqual([]);
  });

  it('has the declared predicates and operator classes', async () => {
    const rows = new Map((await readCatalog(database.dataSource)).map((row) => [row.name, row]));
    expect(rows.get('idx_events_unprocessed')?.predicate).toBe('((processed = false) AND (retry_count < 5))');
    expect(rows.get('idx_users_login_activity')?.predicate).toBe("(status = 'active'::text)");
    expect(rows.get('idx_api_keys_org_status')?.predicate).toBe('(organization_id IS NOT NULL)');
    expect(rows.get('idx_organizations_name_trgm')?.classes).toEqual(['gin_trgm_ops']);
    expect(rows.get('idx_user_orgs_org_role')?.classes).toEqual([
      'uuid_ops',
      'text_ops',
      'text_ops',
      'uuid_ops',
    ]);
  });

  it('is what the entities declare, index for index, and holds no other', async () => {
    const declared = readEntityIndexes(database.dataSource).map(({ name }) => name);
    const runner = database.dataSource.createQueryRunner();
    const actual = (await readIndexes(runner)).filter(({ constraint }) => constraint === null);
    await runner.release();
    expect(actual.map(({ name }) => name).sort()).toEqual(declared.sort());
    const result = await generate(database.dataSource, {
      name: 'nothing',
      directory: join(__dirname, 'migrations'),
    });
    expect(result).toEqual({
      files: [],
      tableStatements: 0,
      droppedColumns: [],
      indexChanges: [],
      steps: [],
    });
  });

  it('has an index that leads with each foreign key', async () => {
    const unindexed = await database.dataSource.query(`
      select c.conname
      from pg_constraint c
      where c.contype = 'f' and not exists (
        select 1
        from pg_index x
        where x.indrelid = c.conrelid and x.indkey[0] = c.conkey[1]
          and (x.indpred is null or pg_get_expr(x.indpred, x.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$')
      )`);
    expect(unindexed).toEqual([]);
  });

  it('keeps the events table as it must be to be distributed', async () => {
    const [row] = await database.dataSource.query(`
      select
        (select pg_get_constraintdef(oid) from pg_constraint where conrelid = t.oid and contype = 'p') as key,
        (select count(*)::integer from pg_constraint where conrelid = t.oid and contype = 'f') as foreign_keys,
        (select count(*)::integer from pg_trigger where tgrelid = t.oid) as triggers,
        (select count(*)::integer from pg_rewrite where ev_class = t.oid) as rules,
        (
          select array_agg(i.indexrelid::regclass::text) from pg_index i
          where i.indrelid = t.oid and i.indisunique
            and not (select attnum from pg_attribute where attrelid = t.oid and attname = 'aggregate_id') = any (i.indkey)
        ) as undistributable,
        (select attidentity::text from pg_attribute where attrelid = t.oid and attname = 'global_position') as identity,
        (
          select pg_get_expr(adbin, adrelid) from pg_attrdef
          join pg_attribute a on a.attrelid = adrelid and a.attnum = adnum
          where adrelid = t.oid and a.attname = 'global_position'
        ) as position
      from pg_class t
      where t.oid = 'events'::regclass`);
    expect(row).toEqual({
      key: 'PRIMARY KEY (aggregate_type, aggregate_id, aggregate_version)',
      foreign_keys: 0,
      triggers: 0,
      rules: 0,
      undistributable: null,
      identity: '',
      position: "nextval('events_global_position_seq'::regclass)",
    });
  });
});

describe('the migrations', () => {
  it('never build or drop an index on a table in a way that blocks its writers', async () => {
    const database = await openDatabase({ empty: true });
    const { dataSource } = database;
    const statements: string[] = [];
    dataSource.logger = new StatementLog(statements);
    await migrate(dataSource);
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration({ transaction: 'none' });

    const onIndexes = statements.filter((sql) => /^(create (unique )?|drop |re)index/i.test(sql.trim()));
    expect(onIndexes.length).toBeGreaterThanOrEqual(2 * 21);
    // Clones on which definitions are compared are nobody's table.
    const blocking = onIndexes.filter(
      (sql) => !/^\S+( unique)? index concurrently /i.test(sql.trim()) && !sql.includes('"pg_temp"'),
    );
    expect(blocking).toEqual([]);
    await database.close();
  });
});

/** Every statement as it is sent. */
class StatementLog extends AbstractLogger {
  constructor(readonly statements: string[]) {
    super('all');
  }

  override logQuery(query: string): void {
    this.statements.push(query);
  }

  protected override writeLog(): void {}
}

describe('the typeorm command', () => {
  const root = join(__dirname, '..', '..', '..');
  const typeorm = async (url: string, command: string) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(root, 'node_modules', 'typeorm', 'cli.js'),
        command,
        '-d',
        join(__dirname, '..', 'dist', 'data-source.js'),
      ],
      { cwd: root, env: { PATH: process.env.PATH, DATABASE_URL: url } },
    );
    return stdout;
  };

  it('runs, shows and reverts every migration, after which no table and no index is left', async () => {
    const database = await openTestDatabase({ empty: true });
    await typeorm(database.url, 'migration:run');
    const shown = await typeorm(database.url, 'migration:show');
    const count = shown.match(/\[X]/g)?.length ?? 0;
    expect(count).toBeGreaterThanOrEqual(2);
    expect(shown).not.toContain('[ ]');

    for (let at = 0; at < count; at++) await typeorm(database.url, 'migration:revert');
    expect(await typeorm(database.url, 'migration:show')).not.toContain('[X]');
    const { dataSource, close } = await reopen(database.url);
    expect(await readCatalog(dataSource)).toEqual([]);
    await close();
    await typeorm(database.url, 'migration:run');
    await database.drop();
  });
});

async function reopen(url: string) {
  const dataSource = createDataSource('test', { DATABASE_URL: url });
  await dataSource.initialize();
  return { dataSource, close: () => dataSource.destroy() };
}
