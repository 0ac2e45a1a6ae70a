import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';
import { waitFor } from '../test/wait-for';

/** A project that has nothing to do with ours, in plain JavaScript; its entities declare nothing of Holdfast. */
const PROJECT = `
require('reflect-metadata');
const { DataSource, EntitySchema } = require('typeorm');
const Shop = new EntitySchema({
  name: 'Shop', tableName: 'shops',
  columns: { id: { type: 'integer', primary: true, primaryKeyConstraintName: 'shops_pkey' }, town: { type: 'text' } },
});
exports.shops = new DataSource({
  type: 'postgres', url: process.env.DATABASE_URL, entities: [Shop], migrationsTransactionMode: 'none',
});`;

describe('holdfast doctor', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let project: string;

  beforeEach(async () => {
    database = await openTestDatabase({ empty: true });
    dataSource = new DataSource({ type: 'postgres', url: database.url, installExtensions: false });
    await dataSource.initialize();
    await dataSource.query(
      'create table shops (id integer constraint shops_pkey primary key, town text not null)',
    );
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'doctor-'));
    writeFileSync(join(project, 'package.json'), '{"name":"shops","type":"commonjs"}');
    writeFileSync(join(project, 'data-source.js'), PROJECT);
  });

  afterEach(async () => {
    rmSync(project, { recursive: true, force: true });
    await dataSource.destroy();
    await database.drop();
  });

  const start = (args: readonly string[] = [], url = database.url) =>
    startHoldfast(['doctor', '-d', join(project, 'data-source.js'), ...args], { DATABASE_URL: url });
  const doctor = (...args: Parameters<typeof start>) => start(...args).ended;

  it('finds nothing in a clean database, and ends with 0', async () => {
    const run = await doctor();
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).toMatch(/\nNothing found, \d+ not seen \(24 checks, PostgreSQL 1[78]\.\d+\)\.\n$/);
  });

  it('says what is wrong and what mends it, and ends with 1', async () => {
    await dataSource.query('create index one on shops (town)');
    await dataSource.query('create index two on shops (town)');
    const run = await doctor(['--only', 'duplicate-index']);
    expect(run).toMatchObject({ code: 1, err: '' });
    expect(run.out).toMatch(/^WARNING \(1\)\n\n {2}public\.two +duplicate-index\n {4}one has the same keys/);
    expect(run.out).toContain('\n    DROP INDEX CONCURRENTLY "public"."two";\n');
    expect(run.out).toMatch(/\n1 warning \(1 check, /);
    expect(await doctor(['--only', 'duplicate-index', '--min-severity', 'critical'])).toMatchObject({
      code: 0,
    });
  });

  it('prints one JSON document and nothing else, and writes a page', async () => {
    await dataSource.query('create index one on shops (town)');
    const page = join(project, 'report.html');
    const run = await doctor(['--json', '--html', page]);
    expect(run).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(run.out)).toMatchObject({
      findings: [{ check: 'drift', object: 'public.one', mend: [expect.stringContaining('DROP INDEX')] }],
    });
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>[\s\S]*public\.one[\s\S]*<\/html>\n$/);
  });

  it.each<[string, string[], string]>([
    ['an unknown check', ['--only', 'sunburn'], 'unknown check "sunburn"; allowed are invalid-index, '],
    ['an unknown severity', ['--min-severity', 'mild'], 'Allowed choices are critical, warning, notice'],
    ['a time limit that is none', ['--timeout', '0'], 'a number of seconds from 0.001 to 3600'],
    ['a folder that is not there', ['--html', '/nowhere/report.html'], 'ENOENT'],
  ])('refuses %s in one line, and ends with 2', async (_, args, message) => {
    const run = await doctor(args);
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err.split('\n')[0]).toContain(message);
  });

  it('ends with 2 where it cannot look', async () => {
    const run = await doctor([], 'postgres://a:s3cret@127.0.0.1:1/d');
    expect(run).toEqual({ code: 2, out: '', err: 'holdfast: connect ECONNREFUSED 127.0.0.1:1\n' });
  });

  it('ends when asked to, whatever the server is at, and leaves it nothing to do', async () => {
    for (const statement of [
      'create table owners (id integer primary key)',
      'alter table shops add owner integer references owners',
      `create function slow() returns integer immutable language sql as 'select 1'`,
      'create index shops_owner on shops (owner) where slow() = 1',
      // To see what the predicate leaves out, the planner evaluates it, and that takes an hour from now on.
      `create or replace function slow() returns integer immutable language plpgsql
       as 'begin perform pg_sleep(3600); return 1; end'`,
    ])
      await dataSource.query(statement);
    const sleeping = async () => {
      const rows: unknown[] = await dataSource.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
      );
      return rows.length;
    };
    const { child, ended } = start(['--only', 'foreign-key-without-index', '--timeout', '3600']);
    await waitFor(async () => (await sleeping()) > 0);
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, out: '', err: 'holdfast: stopped by SIGINT\n' });
    expect(await sleeping()).toBe(0);
  });

  it('ends with 2 where no check could look, and with 0 where another one could and found nothing', async () => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('lock table shops in access exclusive mode');
      const run = await doctor(['--only', 'duplicate-index', '--timeout', '0.2']);
      expect(run).toMatchObject({ code: 2, err: '' });
      expect(run.out).toContain('it took longer than the 0.2 s');
      const both = await doctor(['--only', 'duplicate-index, invalid-index', '--timeout', '0.2']);
      expect(both).toMatchObject({ code: 0, err: '' });
      expect(both.out).toContain('Nothing found, 1 not seen (2 checks,');
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });
});
