import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { type BloatFilter, estimateIndexBloat } from './estimate-bloat';

describe('the estimate of bloat', () => {
  let scratch: Scratch;
  let runner: QueryRunner;

  beforeAll(async () => {
    scratch = await openScratch();
    runner = scratch.dataSource.createQueryRunner();
    await runner.query(
      `create table things (id integer primary key, code text not null, note text, at timestamptz)
       with (autovacuum_enabled = false)`,
    );
    await runner.query(
      `insert into things select n, md5(n::text), case when n % 3 = 0 then md5(n::text) end, now()
       from generate_series(1, 60000) n`,
    );
    await runner.query('create index idx_things_code on things (code)');
    await runner.query('create index idx_things_lower on things (lower(code))');
    await runner.query('create index idx_things_note on things (note, id) with (fillfactor = 60)');
    await runner.query('create index idx_things_at on things using brin (at)');
    await runner.query('create table fresh (id integer)');
    await runner.query('create index idx_fresh on fresh (id)');
    await runner.query('insert into fresh select n from generate_series(1, 50000) n');
    await runner.query('vacuum analyze things');
  });

  afterAll(async () => {
    await runner.release();
    await scratch.close();
  });

  const estimate = async (filter: BloatFilter = {}) =>
    new Map((await estimateIndexBloat(runner, filter)).map((bloat) => [bloat.name, bloat]));
  const ratio = async (name: string, filter: BloatFilter = {}) => {
    const bloat = (await estimate(filter)).get(name);
    if (bloat === undefined || bloat.basis === 'unknown') throw new Error(`${name} is not known`);
    return bloat.wastedRatio;
  };

  it('sees next to none in indexes that have just been built, whatever their keys and fill factor', async () => {
    for (const name of ['things_pkey', 'idx_things_code', 'idx_things_lower', 'idx_things_note'])
      expect([name, await ratio(name)]).toEqual([name, expect.closeTo(0, 1)]);
  });

  it('says what it does not know, and why, instead of taking it for bloat', async () => {
    const fresh = (await estimate()).get('idx_fresh');
    expect(fresh).toMatchObject({ basis: 'unknown', reason: expect.stringContaining('ANALYZE fresh') });
    expect((await estimate()).has('idx_things_at')).toBe(false);
  });

  it('sees what deleted rows have left, much as every page tells it', async () => {
    await runner.query('delete from things where id % 10 <> 0');
    await runner.query('vacuum analyze things');
    const estimated = await ratio('idx_things_code');
    expect(estimated).toBeGreaterThan(0.7);

    await runner.query('create schema tools');
    await runner.query('create extension pgstattuple schema tools');
    const measured = (await estimate({ measure: true })).get('idx_things_code');
    expect(measured).toMatchObject({ basis: 'measured', wastedRatio: expect.closeTo(estimated, 1) });

    await runner.query('reindex index idx_things_code');
    expect(await ratio('idx_things_code', { measure: true })).toBeLessThan(0.1);
    expect(await ratio('idx_things_code')).toBeLessThan(0.15);
    const names = [...(await estimate()).keys()];
    expect(names.at(-1)).toBe('idx_fresh');
  });

  it('does not take rows that came after ANALYZE for bloat', async () => {
    await runner.query('create table growing (id integer) with (autovacuum_enabled = false)');
    await runner.query('insert into growing select n from generate_series(1, 2000) n');
    await runner.query('create index idx_growing on growing (id)');
    await runner.query('analyze growing');
    await runner.query('insert into growing select n from generate_series(2001, 50000) n');
    expect(await ratio('idx_growing')).toBeLessThan(0.2);
  });

  it('looks only at the schemas and sizes that it is asked for', async () => {
    expect([...(await estimate({ schemas: ['elsewhere'] })).keys()]).toEqual([]);
    expect([...(await estimate({ schemas: ['public'], minBytes: 2 ** 40 })).keys()]).toEqual([]);
    expect((await estimate({ schemas: ['public'] })).has('idx_things_code')).toBe(true);
  });

  it('works with plain privileges, and does not guess what they hide', async () => {
    const [{ database }] = await runner.query('select current_database() as database');
    const role = `plain_${database}`;
    await runner.query(`create role ${role}`);
    await runner.query(`set role ${role}`);
    try {
      const seen = await estimate({ measure: true });
      expect([...seen.values()].every(({ basis }) => basis === 'unknown')).toBe(true);
      expect(seen.has('idx_things_code')).toBe(true);
      await runner.query('reset role');
      await runner.query(`grant select on things to ${role}`);
      await runner.query(`set role ${role}`);
      expect((await estimate({ measure: true })).get('idx_things_note')).toMatchObject({
        basis: 'estimated',
      });
    } finally {
      await runner.query('reset role');
      await runner.query(`drop owned by ${role}`);
      await runner.query(`drop role ${role}`);
    }
  });
});
