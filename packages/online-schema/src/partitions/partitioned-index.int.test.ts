import type { QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { temporaryName } from '../migration/temporary-name';
import { renderCreateIndex } from '../specification/render-index';
import type { Scratch } from '../test/scratch';
import { readTree } from '../test/visits';
import { complete, DOWN, leaf, onLeaf, PAGE, useVisits } from '../test/visits-scene';
import { waitFor } from '../test/wait-for';
import { partitionIndexName } from './partition-index-name';

describe('an index of a partitioned table', () => {
  const scene = useVisits();
  const { events, steps, oids } = scene;
  let scratch: Scratch;
  let runner: QueryRunner;
  beforeEach(() => {
    ({ scratch, runner } = scene);
  });

  it('is built on each partition and attached, which CREATE INDEX CONCURRENTLY cannot', async () => {
    await expect(runner.query(renderCreateIndex(PAGE, { concurrently: true }))).rejects.toMatchObject({
      driverError: { code: '0A000' },
    });
    await ensureIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(complete());
    expect(steps()).toEqual([
      `build index ${leaf('visits_2020')}`,
      `build index ${leaf('visits_2021')}`,
      `build index ${leaf('visits_2022')}`,
      `build index ${leaf('visits_2021_a')}`,
      `build index ${leaf('visits_2021_b')}`,
      'build index idx_visits_page',
    ]);
  });

  it('tells on how many of its partitions it is built', async () => {
    await ensureIndex(runner, PAGE);
    const counts = events.flatMap((event) =>
      event.type === 'progress' && event.progress.unit === 'partitions'
        ? [`${event.name} ${event.progress.done}/${event.progress.total}`]
        : [],
    );
    expect([...new Set(counts)]).toEqual([0, 1, 2, 3, 4].map((done) => `idx_visits_page ${done}/4`));
  });

  it('is kept when it is as defined', async () => {
    await ensureIndex(runner, PAGE);
    const before = await oids();
    events.length = 0;
    await ensureIndex(runner, PAGE);
    expect(await oids()).toEqual(before);
    expect(steps()).toEqual(['keep index idx_visits_page']);
  });

  it.each([
    ['with storage parameters', { storage: { fillfactor: 70 } }],
    ['with included columns and a predicate', { include: ['id'], where: '"page" is not null' }],
    ['on an expression', { keys: ['(lower("page")) text_pattern_ops'] }],
    [
      'that is unique and has the partition keys',
      { keys: ['"at"', '"id"'], unique: true, nullsNotDistinct: true },
    ],
  ])('is kept and attached as defined %s', async (_, more) => {
    const definition = { ...PAGE, ...more };
    await runner.query('delete from visits where id <> 3');
    await ensureIndex(runner, definition);
    expect((await readTree(runner)).filter((line) => line.includes('invalid'))).toEqual([]);
    events.length = 0;
    await ensureIndex(runner, definition);
    expect(steps()).toEqual(['keep index idx_visits_page']);
  });

  it('adopts what is equal on a partition under another name, and builds only the rest', async () => {
    await runner.query('create index mine on visits_2020 (page)');
    await runner.query('create index upside_down on visits_2022 (page desc)');
    await runner.query('create index mine_too on visits_2021 (page)');
    const before = await oids();
    await ensureIndex(runner, PAGE);
    expect(steps()).toEqual([`build index ${leaf('visits_2022')}`, 'build index idx_visits_page']);
    const after = await oids();
    for (const name of before.keys()) expect(after.get(name)).toBe(before.get(name));
    const tree = await readTree(runner);
    expect(tree).toContain('mine on visits_2020, part of idx_visits_page');
    expect(tree).toContain('mine_too on visits_2021, part of idx_visits_page');
    expect(tree).toContain('upside_down on visits_2022');
    expect(tree.join()).not.toContain('invalid');
  });

  it('does not adopt the index of a constraint, which could not be dropped with it', async () => {
    await runner.query('create table plain (id integer) partition by range (id)');
    await runner.query('create table plain_0 partition of plain for values from (0) to (10)');
    await runner.query('alter table plain_0 add constraint plain_0_key unique (id)');
    const unique = { table: 'plain', name: 'idx_plain', keys: ['"id"'], unique: true };
    await ensureIndex(runner, unique);
    await runner.query('alter table plain_0 drop constraint plain_0_key');
    expect(await readTree(runner)).toEqual([
      'idx_plain on plain',
      `${partitionIndexName({ schema: 'public', name: 'plain_0' }, unique)} on plain_0, part of idx_plain`,
    ]);
  });

  it('is completed when somebody has begun it by hand', async () => {
    await runner.query('create index idx_visits_page on only visits (page)');
    await runner.query('create index begun on visits_2020 (page)');
    await runner.query('alter index idx_visits_page attach partition begun');
    expect((await readTree(runner))[0]).toBe('idx_visits_page on visits, invalid');
    await ensureIndex(runner, PAGE);
    expect((await readTree(runner)).slice(0, 3)).toEqual([
      'idx_visits_page on visits',
      'begun on visits_2020, part of idx_visits_page',
      complete()[2],
    ]);
    expect(steps().at(-1)).toBe('rebuild index idx_visits_page');
  });

  it('rebuilds a part that was attached before it was valid, which nothing but REINDEX can', async () => {
    await ensureIndex(runner, PAGE);
    const broken = leaf('visits_2021_b');
    await runner.query(
      `update pg_index set indisvalid = false
       where indexrelid in ('${broken}'::regclass, '${leaf('visits_2021')}'::regclass, 'idx_visits_page'::regclass)`,
    );
    await expect(runner.query(`drop index concurrently ${broken}`)).rejects.toMatchObject({
      driverError: { code: '2BP01' },
    });
    await runner.query(`reindex index concurrently ${broken}`);
    expect((await readTree(runner)).filter((line) => line.endsWith(', invalid'))).toHaveLength(2);
    await runner.query(`update pg_index set indisvalid = false where indexrelid = '${broken}'::regclass`);

    await ensureIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(complete());
    expect(steps().slice(-2)).toEqual([`rebuild index ${broken}`, 'rebuild index idx_visits_page']);
  });

  it('rebuilds a part that is not valid although the whole says it is', async () => {
    await ensureIndex(runner, PAGE);
    const broken = leaf('visits_2020');
    await runner.query(`update pg_index set indisvalid = false where indexrelid = '${broken}'::regclass`);
    await ensureIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(complete());
  });

  it('leaves out a partition that is being detached', async () => {
    const reader = scratch.dataSource.createQueryRunner();
    try {
      await reader.startTransaction();
      await reader.query('select count(*) from visits');
      const detaching = scratch.dataSource
        .query('alter table visits detach partition visits_2022 concurrently')
        .catch((error: unknown) => error);
      await waitFor(async () => {
        const cancelled: unknown[] = await runner.query(
          `select pg_cancel_backend(pid) from pg_stat_activity
           where wait_event_type = 'Lock' and query like '%detach partition%' and pid <> pg_backend_pid()`,
        );
        return cancelled.length > 0;
      });
      expect(await detaching).toMatchObject({ driverError: { code: '57014' } });
    } finally {
      await reader.rollbackTransaction();
      await reader.release();
    }
    expect(
      await runner.query('select inhdetachpending from pg_inherits where inhdetachpending'),
    ).toHaveLength(1);
    await ensureIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(complete().filter((line) => !line.includes('visits_2022')));
  });

  it('is built and dropped by the owner of the table, whoever owns its partitions', async () => {
    const [{ database }] = await runner.query('select current_database() as database');
    const [owner, other] = [`owner_${database}`, `other_${database}`];
    await runner.query(`create role ${owner}`);
    await runner.query(`create role ${other}`);
    try {
      await runner.query(`grant all on schema public to ${owner}, ${other}`);
      await ensureIndex(runner, PAGE);
      for (const table of ['visits', 'visits_2020', 'visits_2021'])
        await runner.query(`alter table ${table} owner to ${owner}`);
      await runner.query(`alter table visits_2022 owner to ${other}`);
      await runner.query(`set role ${owner}`);
      await runner.startTransaction();
      await expect(
        runner.query('lock table only visits_2022 in access exclusive mode'),
      ).rejects.toMatchObject({ driverError: { code: '42501' } });
      await runner.rollbackTransaction();
      await dropIndex(runner, PAGE);
      expect(await readTree(runner)).toEqual([]);
    } finally {
      await runner.query('reset role');
      for (const role of [owner, other]) {
        await runner.query(`drop owned by ${role} cascade`);
        await runner.query(`drop role ${role}`);
      }
    }
  });

  it('is replaced when its definition has changed: there at every moment, and the old one gone', async () => {
    await ensureIndex(runner, PAGE);
    const query = runner.query.bind(runner);
    const seen: boolean[] = [];
    runner.query = async (...args: Parameters<QueryRunner['query']>) => {
      const result = await query(...args);
      if (!runner.isTransactionActive) {
        const rows = await query(
          `select 1 from pg_index where indexrelid = to_regclass('idx_visits_page') and indisvalid`,
        );
        seen.push(rows.length === 1);
      }
      return result;
    };
    await ensureIndex(runner, DOWN);
    runner.query = query;
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.every(Boolean)).toBe(true);
    expect(await readTree(runner)).toEqual(complete(DOWN));
    await ensureIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(complete());
    expect(steps().at(-1)).toBe('replace index idx_visits_page');
  });

  it('clears away what replacements of earlier definitions left', async () => {
    await ensureIndex(runner, PAGE);
    for (const role of ['new', 'old'] as const) {
      const leftover = { ...DOWN, name: temporaryName(PAGE.name, role), keys: ['"page"', '"id"'] };
      await runner.query(renderCreateIndex(leftover));
    }
    await runner.query(renderCreateIndex(onLeaf('visits_2022', { ...PAGE, keys: ['"id"', '"page"'] })));
    await ensureIndex(runner, DOWN);
    expect(await readTree(runner)).toEqual(complete(DOWN));
  });
});
