import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { openScratch, type Scratch } from '../test/scratch';
import { dropIndex } from './drop-index';
import { ensureIndex } from './ensure-index';
import { listenToSteps } from './steps';

const INDEX = { table: 'people', name: 'idx_people_email', keys: ['"email"'] };

describe('a table that is not in the first schema of the search path', () => {
  let scratch: Scratch;
  let runner: QueryRunner;
  let steps: string[];

  beforeEach(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query('create schema app');
    await runner.query('set search_path = app, public');
    await runner.query('create table public.people (id integer, email text)');
    steps = [];
    listenToSteps(runner, ({ action }) => steps.push(action));
  });

  afterEach(async () => {
    await runner.query('reset search_path');
    await runner.release();
    await scratch.close();
  });

  const indexes = async (): Promise<string[]> => {
    const rows: { at: string }[] = await runner.query(
      `select format('%s.%s valid=%s', n.nspname, i.relname, x.indisvalid) as at
       from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
       where n.nspname in ('app', 'public') order by 1`,
    );
    return rows.map(({ at }) => at);
  };

  it('has its index built, kept, replaced, rebuilt and dropped', async () => {
    await ensureIndex(runner, INDEX);
    await ensureIndex(runner, INDEX);
    await ensureIndex(runner, { ...INDEX, keys: ['"email" DESC'] });
    await runner.query(`update pg_index set indisvalid = false where indrelid = 'public.people'::regclass`);
    await ensureIndex(runner, INDEX);
    expect(steps).toEqual(['build index', 'keep index', 'replace index', 'rebuild index']);
    expect(await indexes()).toEqual(['public.idx_people_email valid=t']);
    await dropIndex(runner, { name: INDEX.name });
    expect(await indexes()).toEqual([]);
  });

  it('has its indexes read, by table as by name', async () => {
    await ensureIndex(runner, INDEX);
    const expected = [{ schema: 'public', table: 'people', name: INDEX.name }];
    expect(await readIndexes(runner, { tables: ['people'] })).toMatchObject(expected);
    expect(await readIndexes(runner, { name: INDEX.name })).toMatchObject(expected);
    expect(await readIndexes(runner, { tables: ['people'], name: INDEX.name })).toMatchObject(expected);
    expect(await readIndexes(runner, { schema: 'public' })).toMatchObject(expected);
    expect(await readIndexes(runner, { schema: 'app', name: INDEX.name })).toEqual([]);
    expect(await readIndexes(runner)).toEqual([]);
  });

  it('is passed over for a table of the same name earlier on the path', async () => {
    await runner.query('create table app.people (id integer, email text)');
    await ensureIndex(runner, INDEX);
    await ensureIndex(runner, { ...INDEX, schema: 'public' });
    expect(steps).toEqual(['build index', 'build index']);
    expect(await readIndexes(runner, { tables: ['people'] })).toMatchObject([{ schema: 'app' }]);
    expect(await indexes()).toEqual(['app.idx_people_email valid=t', 'public.idx_people_email valid=t']);
    await dropIndex(runner, { schema: 'public', name: INDEX.name });
    expect(await indexes()).toEqual(['app.idx_people_email valid=t']);
  });

  it('may have an index whose name another table earlier on the path uses as well', async () => {
    await runner.query('create table app.visitors (email text)');
    await runner.query('create index idx_people_email on app.visitors (email)');
    await ensureIndex(runner, INDEX);
    await ensureIndex(runner, INDEX);
    expect(steps).toEqual(['build index', 'keep index']);
    await dropIndex(runner, { table: 'people', name: INDEX.name });
    await dropIndex(runner, { table: 'people', name: INDEX.name });
    expect(await indexes()).toEqual(['app.idx_people_email valid=t']);
  });

  it('loses no index to a bare name that stands for another one, as in DROP INDEX', async () => {
    await runner.query('create table app.visitors (email text)');
    await runner.query('create index idx_people_email on app.visitors (email)');
    await ensureIndex(runner, INDEX);
    await dropIndex(runner, { name: INDEX.name });
    expect(await indexes()).toEqual(['public.idx_people_email valid=t']);
  });
});
