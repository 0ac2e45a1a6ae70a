import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EntitySchema } from 'typeorm';
import { planChanges, planInDetail } from '../plan/plan-changes';
import { migrate } from '../run/migrate';
import { revert } from '../run/revert';
import { makeMigrationsFolder } from '../test/migrations-folder';
import { openScratch, type Scratch } from '../test/scratch';
import { generate } from './generate';

type Columns = Record<string, object>;

const plain: Columns = { id: { type: 'integer', primary: true }, a: { type: 'integer' } };
const computed = (expression: string) => ({
  b: { type: 'integer', generatedType: 'STORED', asExpression: expression, nullable: true },
});

const open = (scratch: Scratch, columns: Columns, migrations: string[] = [], more: object = {}) =>
  scratch.open({
    entities: [
      new EntitySchema<object>({ name: 'Thing', tableName: 'things', columns: columns as never, ...more }),
    ],
    migrations,
  });

describe('generated migrations', () => {
  let scratch: Scratch;
  let directory: string;

  beforeEach(async () => {
    scratch = await openScratch();
    directory = makeMigrationsFolder();
  });
  afterEach(async () => {
    await scratch.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const write = async (columns: Columns, allow: string[], more: object = {}) => {
    const { files } = await generate(await open(scratch, columns, [join(directory, '*.ts')], more), {
      name: 'change',
      directory,
      allow,
    });
    return files.map((file) => readFileSync(file, 'utf8'));
  };

  it('know no database by name: a computed column is found in whatever database they are run', async () => {
    const table = 'create table things (id integer primary key, a integer not null)';
    await scratch.dataSource.query(table);
    const columns = { ...plain, ...computed('a + 1') };
    const texts = await write(columns, ['rewrite-table']);
    const name = new URL(scratch.url).pathname.slice(1);
    expect(texts.join()).toContain('typeorm_metadata');
    expect(texts.join()).toContain('current_database()');
    expect(texts.join()).not.toContain(name);

    const other = await openScratch();
    try {
      await other.dataSource.query(table);
      const target = await open(other, columns, [join(directory, '*.ts')]);
      await migrate(target);
      expect((await planChanges(target)).steps).toEqual([]);
      const count = async () =>
        (await target.query('select * from typeorm_metadata where name = $1', ['b'])).length;
      expect(await count()).toBe(1);
      const rest = await open(other, plain);
      const { changes } = await planInDetail(rest, { allow: ['drop-column'] });
      const text = JSON.stringify(changes);
      expect(text).toMatch(/DELETE FROM .*typeorm_metadata.* = current_database\(\)/);
      expect(text).not.toContain(new URL(other.url).pathname.slice(1));
      for (const { up } of changes)
        for (const call of up)
          if (call.kind === 'statement')
            await target.query(call.statement.query, [...call.statement.parameters]);
      expect(await count()).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('say that a wider varchar is not made narrower in an instant, which PostgreSQL refuses for longer values', async () => {
    await scratch.dataSource.query('create table things (id integer primary key, a varchar(10) not null)');
    const wider = { id: plain.id as object, a: { type: 'varchar', length: 20 } };
    const { steps } = await planChanges(await open(scratch, wider));
    expect(steps).toMatchObject([
      { rewrites: false, hazards: [{ id: 'rewrite-on-revert', verdict: 'known' }] },
    ]);
    const [text = ''] = await write(wider, []);
    expect(text.slice(text.indexOf('async down'))).toMatch(
      /\/\/ A revert to character varying\(10\) writes or reads all of things while readers and writers wait/,
    );
    expect(text.split('async down')[0]).not.toContain('//');
    const target = await open(scratch, wider, [join(directory, '*.ts')]);
    await migrate(target);
    await target.query(`insert into things values (1, 'longer than ten')`);
    await expect(revert(target)).rejects.toThrow(/value too long for type character varying\(10\)/);
    expect(await target.query('select a from things')).toEqual([{ a: 'longer than ten' }]);
    // What is allowed to be slow has been told as that.
    const slow = { id: plain.id as object, a: { type: 'integer' } };
    expect(JSON.stringify((await planInDetail(await open(scratch, slow), {})).changes)).not.toContain(
      '"note"',
    );
    // What is not slow on its way back is not told.
    const more = await planChanges(await open(scratch, { ...wider, c: { type: 'text', nullable: true } }));
    expect(more.steps.flatMap(({ hazards }) => hazards)).toEqual([]);
  });

  it('guard the table with an edited check before the old one goes, in both directions', async () => {
    const checked = (expression: string) => ({ checks: [{ expression }] });
    await write(plain, [], checked('"a" > 0'));
    await migrate(await open(scratch, plain, [join(directory, '*.ts')]));
    const edited = await open(scratch, plain, [], checked('"a" > 1'));
    const { steps } = await planChanges(edited, { allow: ['drop-constraint'] });
    expect(steps.map(({ kind }) => kind)).toEqual([
      'add constraint',
      'validate constraint',
      'drop constraint',
    ]);
    expect(steps[0]?.object).not.toBe(steps[2]?.object);
    const texts = await write(plain, ['drop-constraint'], checked('"a" > 1'));
    expect(texts).toHaveLength(1);
    const [up = '', down = ''] = (texts[0] ?? '').split('async down');
    for (const part of [up, down])
      expect(part.indexOf('await ensureCheck(')).toBeLessThan(part.indexOf('await dropConstraint('));
    const target = await open(scratch, plain, [join(directory, '*.ts')], checked('"a" > 1'));
    await migrate(target);
    expect((await planChanges(target)).steps).toEqual([]);
    await revert(target);
    await expect(target.query('insert into things values (1, 0)')).rejects.toThrow(/violates check/);
    await target.query('insert into things values (1, 1)');
  });

  it('make no view anew that would lose what was granted on it, until that is allowed', async () => {
    const { dataSource } = scratch;
    const view = (expression: string) =>
      new EntitySchema<object>({
        name: 'Few',
        tableName: 'few',
        type: 'view',
        expression,
        columns: { id: { type: 'integer' } },
      });
    const openView = (expression: string) => scratch.open({ entities: [view(expression)] });
    await dataSource.query('create table things (id integer primary key)');
    await dataSource.query('create view few as select id from things');
    // As TypeORM keeps it.
    await dataSource.query(
      `create table typeorm_metadata (type varchar not null, database varchar, schema varchar, "table" varchar, name varchar, value text)`,
    );
    await dataSource.query(
      `insert into typeorm_metadata (type, schema, name, value) values ('VIEW', 'public', 'few', 'select id from things')`,
    );
    expect((await planChanges(await openView('select id from things'))).steps).toEqual([]);
    const changed = await openView('select id from things where id > 0');
    expect((await planChanges(changed)).refused).toEqual([]);
    await dataSource.query(
      `grant select on few to public; alter view few set (security_barrier = true); comment on view few is 'x'`,
    );
    const { refused } = await planChanges(changed);
    expect(refused).toMatchObject([
      {
        id: 'replace-view',
        target: 'few',
        message: expect.stringMatching(/: privileges of public; options security_barrier=true; its comment$/),
      },
    ]);
    expect((await planChanges(changed, { allow: ['replace-view:few'] })).refused).toEqual([]);
  });
});
