import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';
import { openScratch, type Scratch } from '../test/scratch';
import { readTree } from '../test/visits';
import { waitFor } from '../test/wait-for';

const PROJECT = `
require('reflect-metadata');
const { DataSource } = require('typeorm');
exports.things = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [] });`;

describe('holdfast reindex', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let project: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'project-'));
    writeFileSync(join(project, 'package.json'), '{"name":"things","type":"commonjs"}');
    writeFileSync(join(project, 'data-source.js'), PROJECT);
    await runner.query(
      'create table things (id integer primary key, code text) with (autovacuum_enabled = false)',
    );
    await runner.query('insert into things select n, md5(n::text) from generate_series(1, 20000) n');
    await runner.query('create index idx_things_code on things (code)');
    await runner.query('delete from things where id % 20 <> 0');
    await runner.query('vacuum analyze things');
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(project, { recursive: true, force: true });
    await runner.release();
    await scratch.close();
  });

  const start = (args: readonly string[]) => {
    const started = startHoldfast(['reindex', ...args, '-d', join(project, 'data-source.js')], {
      DATABASE_URL: scratch.url,
    });
    children.push(started.child);
    return started;
  };
  const holdfast = (...args: readonly string[]) => start(args).ended;

  it('says what would be rebuilt, rebuilds it, and then finds nothing', async () => {
    const limits = ['--bloated', '--min-bytes', '500000'];
    const planned = await holdfast(...limits, '--dry-run');
    expect(planned).toMatchObject({ code: 0, err: '' });
    expect(planned.out).toMatch(
      /^public\.idx_things_code {2}[\d.]+ MB {2}estimated waste [\d.]+ (MB|kB), 9\d %\n1 index would be rebuilt, about [\d.]+ (?:MB|kB) less\. Nothing was written\.\n$/,
    );
    const done = await holdfast(...limits);
    expect(done).toMatchObject({ code: 0, err: '' });
    expect(done.out).toMatch(
      /\npublic\.idx_things_code {2}[\d.]+ MB {2}now [\d.]+ kB {2}in .*\n1 index rebuilt, [\d.]+ MB less\.\n$/,
    );
    expect(await holdfast(...limits)).toEqual({ code: 0, out: 'No index is bloated.\n', err: '' });
    expect(await holdfast('--bloated', '--json')).toEqual({
      code: 0,
      out: `${JSON.stringify({ rebuilt: [], failed: [] }, null, 2)}\n`,
      err: '',
    });
  });

  it('prints one JSON document and nothing else', async () => {
    const { code, out } = await holdfast('things_pkey', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rebuilt: [{ name: 'things_pkey', bloat: null }], failed: [] });
  });

  it('ends with 1 where an index cannot be rebuilt, and says which', async () => {
    await runner.query('create table twins (a integer)');
    await runner.query('insert into twins values (1), (1)');
    await expect(runner.query('create unique index concurrently idx_twins on twins (a)')).rejects.toThrow();
    const { code, out, err } = await holdfast('idx_twins', 'things_pkey');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatch(/idx_twins: index public\.idx_twins was not rebuilt: could not create unique index/);
    expect(out).toMatch(/\n1 index rebuilt, .*; 1 failed, as said above\.\n$/);
    const { out: json } = await holdfast('idx_twins', '--json');
    expect(JSON.parse(json)).toMatchObject({ rebuilt: [], failed: [{ code: 'HOLDFAST_REINDEX_FAILED' }] });
    await runner.query('drop table twins');
  });

  it.each<[string, string[], number, string]>([
    ['nothing to do', [], 2, 'no index; name some, or take --bloated'],
    ['both', ['a', '--bloated'], 2, 'names and --bloated exclude each other'],
    [
      'limits without --bloated',
      ['a', '--min-bytes', '1'],
      2,
      '--min-bytes and --min-ratio go with --bloated',
    ],
    [
      'a size that is none',
      ['--bloated', '--min-bytes', '1MB'],
      2,
      '--min-bytes must be an integer of at least 0',
    ],
    ['an index that is not there', ['nowhere'], 1, 'there is no index nowhere'],
  ])('answers %s in one line and with an exit code', async (_, args, code, message) => {
    const run = await holdfast(...args);
    expect(run).toMatchObject({ code, out: '' });
    expect(run.err.split('\n')[0]).toContain(`holdfast: ${message}`);
  });

  it('is stopped by Ctrl-C, leaves nothing behind', async () => {
    const before = await readTree(runner);
    const reader = scratch.dataSource.createQueryRunner();
    try {
      // Every rebuild waits for its snapshot.
      await reader.startTransaction('REPEATABLE READ');
      await reader.query('select 1 from pg_class limit 1');
      const { child, ended } = start(['things_pkey', 'idx_things_code']);
      const isWaiting = async () => {
        const rows: unknown[] = await runner.query(
          `select from pg_stat_progress_create_index where phase = 'waiting for old snapshots'`,
        );
        return rows.length > 0;
      };
      await waitFor(isWaiting);
      child.kill('SIGINT');
      const { code, err } = await ended;
      expect(code).toBe(130);
      expect(err).toBe('holdfast: stopped; 0 indexes rebuilt\n');
      expect(await readTree(runner)).toEqual(before);
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
  });
});
