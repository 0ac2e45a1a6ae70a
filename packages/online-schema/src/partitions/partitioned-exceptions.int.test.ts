import type { QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { attachRun } from '../migration/run-context';
import { temporaryName } from '../migration/temporary-name';
import { renderCreateIndex } from '../specification/render-index';
import type { Scratch } from '../test/scratch';
import { readTree } from '../test/visits';
import { complete, DOWN, leaf, onLeaf, PAGE, useVisits } from '../test/visits-scene';

describe('the index of a partitioned table when not all goes as it should', () => {
  const scene = useVisits();
  const { events, steps, oids } = scene;
  let scratch: Scratch;
  let runner: QueryRunner;
  beforeEach(() => {
    ({ scratch, runner } = scene);
  });

  it('gets a part on partitions that come while it is built, and lets go of those that leave', async () => {
    const query = runner.query.bind(runner);
    const admin = scratch.dataSource;
    const meanwhile = [
      `create table visits_2023 partition of visits for values from ('2023-01-01') to ('2024-01-01')`,
      'create table visits_2024 (like visits)',
      'create index visits_2024_mine on visits_2024 (page)',
      `alter table visits attach partition visits_2024 for values from ('2024-01-01') to ('2025-01-01')`,
      'alter table visits detach partition visits_2022 concurrently',
      'create table visits_2021_c partition of visits_2021 for values in (77)',
      'drop table visits_2021_a',
    ];
    runner.query = async (...args: Parameters<QueryRunner['query']>) => {
      if (/^CREATE INDEX CONCURRENTLY/.test(args[0]) && args[0].includes('visits_2022')) {
        for (const statement of meanwhile.splice(0, 5)) await admin.query(statement);
        await admin.query('drop table visits_2022');
      }
      if (/^CREATE INDEX CONCURRENTLY/.test(args[0]) && args[0].includes('visits_2021_a')) {
        for (const statement of meanwhile.splice(0)) await admin.query(statement);
      }
      return query(...args);
    };
    await ensureIndex(runner, PAGE);
    runner.query = query;
    expect(meanwhile).toEqual([]);
    expect(await readTree(runner)).toEqual([
      'idx_visits_page on visits',
      `${leaf('visits_2020')} on visits_2020, part of idx_visits_page`,
      `${leaf('visits_2021')} on visits_2021, part of idx_visits_page`,
      `${leaf('visits_2021_b')} on visits_2021_b, part of ${leaf('visits_2021')}`,
      `visits_2021_c_page_idx on visits_2021_c, part of ${leaf('visits_2021')}`,
      'visits_2023_page_idx on visits_2023, part of idx_visits_page',
      'visits_2024_mine on visits_2024, part of idx_visits_page',
    ]);
  });

  it('is valid at once on a table that has no partition yet', async () => {
    await runner.query('create table empty (id integer) partition by hash (id)');
    await ensureIndex(runner, { table: 'empty', name: 'idx_empty', keys: ['"id"'] });
    expect(await readTree(runner)).toEqual(['idx_empty on empty']);
  });

  it('says on which partition a build fails, keeps the others, and is completed once that is mended', async () => {
    const unique = { ...PAGE, keys: ['"at"', '"id"'], unique: true };
    await runner.query(`insert into visits values (3, '2022-02-02'), (3, '2022-02-02')`);
    await expect(ensureIndex(runner, unique)).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_DUPLICATES',
      message: expect.stringContaining('on visits_2022 cannot be unique'),
    });
    const left = await readTree(runner);
    expect(left.filter((line) => line.includes('visits_2022'))).toEqual([]);
    expect(left).toContain(`${leaf('visits_2020', unique)} on visits_2020, part of idx_visits_page`);
    await runner.query(`delete from visits where at = '2022-02-02'`);
    events.length = 0;
    await ensureIndex(runner, unique);
    expect(await readTree(runner)).toEqual(complete(unique));
    expect(steps()).not.toContain(`build index ${leaf('visits_2020', unique)}`);
  });

  it('goes on with a replacement where it failed, and meanwhile keeps the old one', async () => {
    const unique = { ...PAGE, keys: ['"at"', '"id"'], unique: true };
    await ensureIndex(runner, PAGE);
    await runner.query(`insert into visits values (3, '2022-02-02'), (3, '2022-02-02')`);
    await expect(ensureIndex(runner, unique)).rejects.toMatchObject({ code: 'HOLDFAST_INDEX_DUPLICATES' });
    expect(await readTree(runner)).toEqual(expect.arrayContaining(complete()));
    const before = await oids();
    await runner.query(`delete from visits where at = '2022-02-02'`);
    await ensureIndex(runner, unique);
    expect(await readTree(runner)).toEqual(complete(unique));
    const after = await oids();
    expect(after.get(PAGE.name)).toBe(before.get(temporaryName(PAGE.name, 'new')));
    expect(after.get(leaf('visits_2020', unique))).toBe(before.get(leaf('visits_2020', unique)));
  });

  it('refuses, before anything is built, what can never be unique', async () => {
    await expect(ensureIndex(runner, { ...PAGE, unique: true })).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_BUILD_FAILED',
      message: expect.stringContaining('must include all partitioning columns'),
    });
    expect(await readTree(runner)).toEqual([]);
  });

  it('refuses foreign partitions, with which no index can be completed step by step', async () => {
    await runner.query('create extension postgres_fdw');
    await runner.query('create server elsewhere foreign data wrapper postgres_fdw');
    await runner.query(
      `create foreign table visits_2030 partition of visits for values from ('2030-01-01') to ('2031-01-01')
       server elsewhere`,
    );
    await runner.query('create index control on only visits (page)');
    for (const table of ['visits_2020', 'visits_2021', 'visits_2022']) {
      await runner.query(`create index control_${table} on ${table} (page)`);
      await runner.query(`alter index control attach partition control_${table}`);
    }
    expect(await readTree(runner)).toContain('control on visits, invalid');
    await runner.query('drop index control');

    await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({
      code: 'HOLDFAST_INDEX_ON_PARTITIONED_TABLE',
      message: expect.stringContaining('visits_2030'),
    });
    expect(await readTree(runner)).toEqual([]);
    await runner.query('create index idx_visits_page on visits (page)');
    await ensureIndex(runner, PAGE);
    expect(steps()).toEqual(['keep index idx_visits_page']);
    await dropIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual([]);
  });

  it('is told by a dry run, statement by statement, as it is then built, replaced and dropped', async () => {
    const sent: string[] = [];
    const query = runner.query.bind(runner);
    const listening: QueryRunner['query'] = (...args: Parameters<QueryRunner['query']>) => {
      // Without what canonicalises on a clone.
      if (/^(CREATE|ALTER|DROP) /.test(args[0]) && !args[0].includes('pg_temp')) sent.push(args[0]);
      return query(...args);
    };
    for (const work of [
      () => ensureIndex(runner, PAGE),
      () => ensureIndex(runner, DOWN),
      () => dropIndex(runner, PAGE),
    ]) {
      const told: string[] = [];
      const before = await readTree(runner);
      const recorder = {
        record: (statement: string) => void told.push(statement),
        note: () => undefined,
        look: <T>(look: () => Promise<T>) => look(),
      };
      attachRun(runner, { recorder });
      await work();
      attachRun(runner, { recorder: undefined });
      expect(await readTree(runner)).toEqual(before);
      runner.query = listening;
      await work();
      runner.query = query;
      expect(sent.toSorted()).toEqual(told.toSorted());
      expect(told.length).toBeGreaterThan(0);
      sent.length = 0;
    }
  });

  it('is dropped with all its parts and all remains, once', async () => {
    await ensureIndex(runner, PAGE);
    await runner.query(renderCreateIndex(onLeaf('visits_2022', DOWN)));
    await runner.query('create index visits_mine on visits_2022 (page)');
    events.length = 0;
    await dropIndex(runner, PAGE);
    await dropIndex(runner, PAGE);
    expect(await readTree(runner)).toEqual(['visits_mine on visits_2022']);
    expect(steps()).toEqual(['drop index idx_visits_page']);
  });

  it('lets none of its parts be changed or dropped alone', async () => {
    await ensureIndex(runner, PAGE);
    const part = onLeaf('visits_2020');
    const refusal = {
      code: 'HOLDFAST_INDEX_ATTACHED',
      message: expect.stringContaining('is part of index idx_visits_page of partitioned table visits'),
    };
    await ensureIndex(runner, part);
    await expect(ensureIndex(runner, { ...part, keys: ['"id"'] })).rejects.toMatchObject(refusal);
    await expect(dropIndex(runner, part)).rejects.toMatchObject(refusal);
    expect(await readTree(runner)).toEqual(complete());
  });

  it('refuses a name that is on another table, or a part whose name is', async () => {
    await runner.query('create table others (page text)');
    await runner.query('create index idx_visits_page on others (page)');
    await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({ code: 'HOLDFAST_INDEX_NAME_TAKEN' });
    await runner.query(`alter index idx_visits_page rename to "${leaf('visits_2020')}"`);
    await expect(ensureIndex(runner, PAGE)).rejects.toMatchObject({ code: 'HOLDFAST_INDEX_NAME_TAKEN' });
  });

  it('is looked for in the schema of its table, whatever the search path says', async () => {
    await runner.query('create schema "Other Place"');
    try {
      await runner.query('create table "Other Place".visits (id integer, page text) partition by list (id)');
      await runner.query('create table "Other Place"."Part One" partition of "Other Place".visits default');
      await ensureIndex(runner, { ...PAGE, schema: 'Other Place' });
      await ensureIndex(runner, PAGE);
      expect(await readTree(runner)).toEqual(complete());
      await dropIndex(runner, { ...PAGE, schema: 'Other Place' });
      expect(await readTree(runner)).toEqual(complete());
    } finally {
      await runner.query('drop schema "Other Place" cascade');
    }
  });
});
