import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { renderCreateIndex } from '../specification/render-index';
import { openScratch, type Scratch } from '../test/scratch';
import { dropIndex } from './drop-index';
import { ensureIndex } from './ensure-index';
import { attachRun } from './run-context';
import { listenToSteps } from './steps';
import { temporaryName } from './temporary-name';

const EMAIL = { table: 'people', name: 'idx_people_email', keys: ['"email"'] };

describe('ensureIndex', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let steps: string[];

  beforeAll(async () => {
    scratch = await openScratch();
  });

  afterAll(() => scratch.close());

  beforeEach(async () => {
    steps = [];
    runner = scratch.dataSource.createQueryRunner();
    listenToSteps(runner, ({ action, name }) => steps.push(`${action} ${name}`));
    await runner.query('create table people (id integer primary key, email text, age integer)');
    await runner.query(`insert into people select n, n || '@example.org', n from generate_series(1, 100) n`);
  });

  afterEach(async () => {
    await runner.query('drop table if exists people');
    await runner.release();
  });

  const find = async (name: string) => (await readIndexes(runner, { name }))[0];
  const names = async () =>
    (await readIndexes(runner, { tables: ['people'] }))
      .map((index) => index.name)
      .filter((n) => n !== 'people_pkey');

  /** An index as a cancelled or failed concurrent build leaves it. */
  const leaveInvalid = async () => {
    await runner.query(`update people set email = 'same' where id <= 2`);
    const build = renderCreateIndex({ ...EMAIL, unique: true }, { concurrently: true });
    await expect(runner.query(build)).rejects.toThrow('could not create unique index');
    expect(await find(EMAIL.name)).toMatchObject({ valid: false });
  };

  it('builds what is missing', async () => {
    await ensureIndex(runner, EMAIL);
    expect(await find(EMAIL.name)).toMatchObject({ valid: true, ready: true, keys: ['email'] });
    expect(steps).toEqual(['build index idx_people_email']);
  });

  it('keeps a valid index of the same definition', async () => {
    await ensureIndex(runner, EMAIL);
    const before = await runner.query(`select 'idx_people_email'::regclass::oid as oid`);
    await ensureIndex(runner, EMAIL);
    expect(await runner.query(`select 'idx_people_email'::regclass::oid as oid`)).toEqual(before);
    expect(steps[1]).toBe('keep index idx_people_email');
  });

  it('rebuilds an invalid index, which IF NOT EXISTS would have taken for done', async () => {
    await leaveInvalid();
    const control = renderCreateIndex(EMAIL, { concurrently: true }).replace(
      'INDEX CONCURRENTLY',
      '$& IF NOT EXISTS',
    );
    await runner.query(control);
    expect(await find(EMAIL.name)).toMatchObject({ valid: false });

    await ensureIndex(runner, EMAIL);
    expect(await find(EMAIL.name)).toMatchObject({ valid: true, unique: false });
    expect(steps).toEqual(['rebuild index idx_people_email']);
  });

  it('leaves no invalid index behind a build that fails', async () => {
    const failing = { ...EMAIL, keys: ['(1 / (age - 50))'] };
    const control = renderCreateIndex({ ...failing, name: 'idx_people_control' }, { concurrently: true });
    await expect(runner.query(control)).rejects.toThrow('division by zero');
    expect(await find('idx_people_control')).toMatchObject({ valid: false });
    await runner.query('drop index idx_people_control');

    await expect(ensureIndex(runner, failing)).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_BUILD_FAILED',
      message: 'index idx_people_email on people was not built: division by zero',
    });
    expect(await names()).toEqual([]);
  });

  it('replaces a valid index of another definition without a moment in which neither exists', async () => {
    await ensureIndex(runner, EMAIL);
    const listen: boolean[] = [];
    const query = runner.query.bind(runner);
    runner.query = async (...args: Parameters<QueryRunner['query']>) => {
      const result = await query(...args);
      if (!runner.isTransactionActive) {
        const rows = await query(
          `select 1 from pg_index where indexrelid = to_regclass('idx_people_email') and indisvalid`,
        );
        listen.push(rows.length === 1);
      }
      return result;
    };
    await ensureIndex(runner, { ...EMAIL, keys: ['"email" DESC'] });
    expect(listen.length).toBeGreaterThan(5);
    expect(listen.every(Boolean)).toBe(true);
    expect(await find(EMAIL.name)).toMatchObject({ keys: ['email DESC'], valid: true });
    expect(await names()).toEqual(['idx_people_email']);
  });

  it('clears away what an interrupted replacement left', async () => {
    for (const role of ['new', 'old'] as const) {
      await runner.query(renderCreateIndex({ ...EMAIL, name: temporaryName(EMAIL.name, role) }));
    }
    await ensureIndex(runner, EMAIL);
    expect(await names()).toEqual(['idx_people_email']);
  });

  it('is not stopped by a short lock_timeout while somebody reads, as the plain statement is', async () => {
    const reader = scratch.dataSource.createQueryRunner();
    const read = async () => {
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select count(*) from people');
    };
    try {
      await runner.query(`set lock_timeout = '100ms'`);
      await read();
      await expect(runner.query(renderCreateIndex(EMAIL, { concurrently: true }))).rejects.toMatchObject({
        driverError: { code: '55P03' },
      });
      expect(await find(EMAIL.name)).toMatchObject({ valid: false });

      const built = ensureIndex(runner, EMAIL);
      setTimeout(() => void reader.commitTransaction(), 500);
      await built;
      expect(await find(EMAIL.name)).toMatchObject({ valid: true });
      expect(await runner.query('show lock_timeout')).toEqual([{ lock_timeout: '100ms' }]);
    } finally {
      await reader.release();
      await runner.query('reset lock_timeout');
    }
  });

  it('is not stopped by a transaction_timeout, as the plain statement is, with its whole session', async () => {
    const [{ version }] = await runner.query(
      `select current_setting('server_version_num')::integer as version`,
    );
    if (version < 170_000) return;
    const reader = scratch.dataSource.createQueryRunner();
    const builder = scratch.dataSource.createQueryRunner();
    try {
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select count(*) from people');
      await builder.query(`set transaction_timeout = '200ms'`);
      await expect(builder.query(renderCreateIndex(EMAIL, { concurrently: true }))).rejects.toMatchObject({
        driverError: { code: '25P04' },
      });
      expect(await find(EMAIL.name)).toMatchObject({ valid: false });

      await runner.query(`set transaction_timeout = '200ms'`);
      const built = ensureIndex(runner, EMAIL);
      setTimeout(() => void reader.commitTransaction(), 600);
      await built;
      expect(await find(EMAIL.name)).toMatchObject({ valid: true });
    } finally {
      await runner.query('reset transaction_timeout');
      await reader.release();
      await builder.release();
    }
  });

  it('stopped while the names cannot be swapped, keeps the old index and drops the new one', async () => {
    await ensureIndex(runner, EMAIL);
    const other = scratch.dataSource.createQueryRunner();
    const abort = new AbortController();
    const timeouts: string[] = [];
    attachRun(runner, {
      signal: abort.signal,
      lockTimeoutMs: 50,
      report: (event) => {
        if (event.type === 'lock-timeout') timeouts.push(event.name);
      },
    });
    try {
      await other.startTransaction();
      await other.query('alter index idx_people_email set (fillfactor = 90)');
      const replaced = ensureIndex(runner, { ...EMAIL, keys: ['"email" DESC'] });
      void waitFor(async () => timeouts.length > 0).then(() => abort.abort());
      await expect(replaced).rejects.toMatchObject({ name: 'AbortError' });
      expect(timeouts[0]).toBe('idx_people_email');
      await other.rollbackTransaction();
      expect(await names()).toEqual(['idx_people_email']);
      expect(await find(EMAIL.name)).toMatchObject({ valid: true, keys: ['email'] });
    } finally {
      attachRun(runner, { signal: undefined });
      await other.release();
    }
  });

  it('lets writers write during the build, which a plain CREATE INDEX does not', async () => {
    const writer = scratch.dataSource.createQueryRunner();
    const reader = scratch.dataSource.createQueryRunner();
    const insert = (id: number) =>
      writer.query(`insert into people values ($1, $2)`, [id, `${id}@example.org`]).then(() => 'written');
    try {
      await writer.query(`set lock_timeout = '200ms'`);
      await runner.startTransaction();
      await runner.query(renderCreateIndex({ ...EMAIL, name: 'idx_people_control' }));
      await expect(insert(1_001)).rejects.toMatchObject({ driverError: { code: '55P03' } });
      await runner.rollbackTransaction();

      // An open snapshot holds the concurrent build in its waiting phase for as long as it lives.
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select count(*) from people');
      const built = ensureIndex(runner, EMAIL);
      await waitFor(
        async () => (await writer.query(`select 1 from pg_stat_progress_create_index`)).length > 0,
      );
      await expect(insert(1_002)).resolves.toBe('written');
      await reader.commitTransaction();
      await built;
    } finally {
      await writer.query('reset lock_timeout');
      await writer.release();
      await reader.release();
    }
  });

  it('refuses a transaction, and says which setting to change', async () => {
    await runner.startTransaction();
    try {
      await expect(ensureIndex(runner, EMAIL)).rejects.toMatchObject({
        code: 'HOLDFAST_INSIDE_TRANSACTION',
        message: expect.stringContaining(`migrationsTransactionMode: 'none'`),
      });
      await expect(dropIndex(runner, EMAIL)).rejects.toMatchObject({ code: 'HOLDFAST_INSIDE_TRANSACTION' });
    } finally {
      await runner.rollbackTransaction();
    }
  });

  it('refuses a name that belongs to another table or to a constraint', async () => {
    await runner.query('create table others (email text)');
    await runner.query('create index idx_people_email on others (email)');
    await expect(ensureIndex(runner, EMAIL)).rejects.toMatchObject({ code: 'HOLDFAST_INDEX_NAME_TAKEN' });
    await runner.query('drop table others');
    await expect(ensureIndex(runner, { ...EMAIL, name: 'people_pkey' })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_OF_CONSTRAINT',
    });
  });

  it('ensures the extension an operator class needs, and names one that cannot be had', async () => {
    const trigrams = { ...EMAIL, keys: ['"email" gin_trgm_ops'], method: 'gin', requires: ['pg_trgm'] };
    await ensureIndex(runner, trigrams);
    expect(steps).toEqual(['create extension pg_trgm', 'build index idx_people_email']);
    await expect(ensureIndex(runner, { ...EMAIL, requires: ['pg_nonesuch'] })).rejects.toMatchObject({
      code: 'HOLDFAST_EXTENSION_MISSING',
      message: expect.stringContaining('CREATE EXTENSION IF NOT EXISTS "pg_nonesuch"'),
    });
  });

  it('says which privilege a role lacks that may not make temporary tables', async () => {
    await ensureIndex(runner, EMAIL);
    const [{ database }] = await runner.query('select current_database() as database');
    const role = `owner_of_${database}`;
    await runner.query(`create role ${role}`);
    await runner.query(`alter table people owner to ${role}`);
    await runner.query(`revoke temporary on database ${database} from public`);
    await runner.query(`set role ${role}`);
    try {
      await expect(ensureIndex(runner, EMAIL)).rejects.toMatchObject({
        code: 'HOLDFAST_TEMP_PRIVILEGE_MISSING',
      });
    } finally {
      await runner.query('reset role');
      await runner.query(`grant temporary on database ${database} to public`);
      await runner.query('drop table people');
      await runner.query(`drop role ${role}`);
    }
  });

  it('drops an index once, and finds nothing to do the second time', async () => {
    await ensureIndex(runner, EMAIL);
    await dropIndex(runner, EMAIL);
    await dropIndex(runner, EMAIL);
    expect(await names()).toEqual([]);
    expect(steps).toEqual(['build index idx_people_email', 'drop index idx_people_email']);
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
