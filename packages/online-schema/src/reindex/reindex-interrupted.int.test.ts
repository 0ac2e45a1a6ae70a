import type { QueryRunner } from 'typeorm';
import { openScratch, type Scratch } from '../test/scratch';
import { readTree } from '../test/visits';
import { reindex } from './reindex';

const WHOLE = ['idx_things_code on things', 'things_pkey on things'];

/** Who keeps a REINDEX CONCURRENTLY in which of its phases, and what is left when it is ended there. */
const PHASES: readonly (readonly [phase: string, blocker: string, remains: string])[] = [
  [
    'waiting for writers before build',
    'insert into things values (-1)',
    'things_pkey_ccnew on things, invalid, not ready',
  ],
  ['waiting for old snapshots', 'select count(*) from others', 'things_pkey_ccnew on things, invalid'],
  [
    'waiting for readers before marking dead',
    'select count(*) from things',
    'things_pkey_ccold on things, invalid',
  ],
];

describe('a REINDEX CONCURRENTLY that does not come to its end', () => {
  let scratch: Scratch;
  let admin: QueryRunner;
  let blocker: QueryRunner;

  beforeEach(async () => {
    scratch = await openScratch();
    admin = scratch.dataSource.createQueryRunner();
    blocker = scratch.dataSource.createQueryRunner();
    await admin.query('create table others (id integer)');
    await admin.query('create table things (id integer primary key, code text)');
    await admin.query('insert into things select n, n::text from generate_series(1, 100) n');
    await admin.query('create index idx_things_code on things (code)');
  });

  afterEach(async () => {
    if (blocker.isTransactionActive) await blocker.rollbackTransaction();
    await blocker.release();
    await admin.release();
    await scratch.close();
  });

  const block = async (phase: string, statement: string) => {
    await blocker.startTransaction(
      phase === 'waiting for old snapshots' ? 'REPEATABLE READ' : 'READ COMMITTED',
    );
    await blocker.query(statement);
  };
  const pidIn = async (phase: string): Promise<number> => {
    for (;;) {
      const [row] = await admin.query('select pid from pg_stat_progress_create_index where phase = $1', [
        phase,
      ]);
      if (row !== undefined) return row.pid;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it.each(PHASES)(
    'and is killed while %s leaves remains, which the next one clears away',
    async (phase, statement, remains) => {
      await block(phase, statement);
      const control = scratch.dataSource.createQueryRunner();
      const plain = control.query('reindex index concurrently things_pkey').catch(() => 'ended');
      await admin.query('select pg_terminate_backend($1, 5000)', [await pidIn(phase)]);
      expect(await plain).toBe('ended');
      await control.release();
      expect(await readTree(admin)).toContain(remains);

      const killed = reindex(scratch.dataSource, { names: ['things_pkey'] }).catch(() => 'ended');
      // What the first left is dropped first, for which it waits as well.
      await blocker.rollbackTransaction();
      await killed;
      expect(await readTree(admin)).toEqual(WHOLE);

      await block(phase, statement);
      const again = reindex(scratch.dataSource, { names: ['things_pkey'] });
      const ended = again.then(
        ({ failed }) => failed.length,
        () => 1,
      );
      await admin.query('select pg_terminate_backend($1, 5000)', [await pidIn(phase)]);
      expect(await ended).toBe(1);
      expect(await readTree(admin)).toContain(remains);
      await blocker.rollbackTransaction();
      await expect(reindex(scratch.dataSource, { names: ['things_pkey'] })).resolves.toMatchObject({
        rebuilt: [{ name: 'things_pkey' }],
        failed: [],
      });
      expect(await readTree(admin)).toEqual(WHOLE);
      await expect(admin.query('insert into things values (7)')).rejects.toMatchObject({
        driverError: { constraint: 'things_pkey' },
      });
    },
  );

  it('and had done its work leaves remains that a run over all bloated ones clears away', async () => {
    const phase = 'waiting for readers before marking dead';
    await block(phase, 'select count(*) from things');
    const killed = reindex(scratch.dataSource, { names: ['idx_things_code'] }).catch(() => undefined);
    await admin.query('select pg_terminate_backend($1, 5000)', [await pidIn(phase)]);
    await killed;
    await blocker.rollbackTransaction();
    expect(await readTree(admin)).toContain('idx_things_code_ccold on things, invalid');
    await expect(reindex(scratch.dataSource, { bloated: {} })).resolves.toEqual({ rebuilt: [], failed: [] });
    expect(await readTree(admin)).toEqual(WHOLE);
  });

  it('because of a signal leaves nothing, where a plain cancel leaves _ccnew', async () => {
    const phase = 'waiting for old snapshots';
    await block(phase, 'select count(*) from others');
    const control = scratch.dataSource.createQueryRunner();
    const plain = control.query('reindex index concurrently idx_things_code');
    const cancelled = expect(plain).rejects.toMatchObject({ driverError: { code: '57014' } });
    await admin.query('select pg_cancel_backend($1)', [await pidIn(phase)]);
    await cancelled;
    await control.release();
    expect(await readTree(admin)).toContain('idx_things_code_ccnew on things, invalid');
    await admin.query('drop index idx_things_code_ccnew');

    const abort = new AbortController();
    const stopped = reindex(scratch.dataSource, {
      names: ['things_pkey', 'idx_things_code'],
      signal: abort.signal,
    });
    const outcome = expect(stopped).rejects.toMatchObject({
      name: 'AbortError',
      code: 'HOLDFAST_STOPPED',
      rebuilt: [],
    });
    await pidIn(phase);
    abort.abort();
    await outcome;
    expect(await readTree(admin)).toEqual(WHOLE);
    expect(await admin.query(`select 1 from pg_locks where locktype = 'advisory'`)).toEqual([]);
  });

  it('because of a short lock_timeout is none of ours', async () => {
    await block('waiting for old snapshots', 'select count(*) from others');
    const control = scratch.dataSource.createQueryRunner();
    await control.query(`set lock_timeout = '100ms'`);
    await expect(control.query('reindex index concurrently idx_things_code')).rejects.toMatchObject({
      driverError: { code: '55P03' },
    });
    await control.query('reset lock_timeout');
    await control.release();
    expect(await readTree(admin)).toContain('idx_things_code_ccnew on things, invalid');

    const impatient = await scratch.open({ extra: { options: '-c lock_timeout=100ms' } });
    const running = reindex(impatient, { names: ['idx_things_code'] });
    await pidIn('waiting for old snapshots');
    // Far longer than its own timeout would have let it wait.
    await waitUntilOlder(admin, '500ms');
    await blocker.rollbackTransaction();
    await expect(running).resolves.toMatchObject({ failed: [] });
    expect(await readTree(admin)).toEqual(WHOLE);
  });
});

/** Waits until a concurrent statement is older than the interval. */
async function waitUntilOlder(admin: QueryRunner, interval: string): Promise<void> {
  for (;;) {
    const rows = await admin.query(
      `select 1 from pg_stat_activity a join pg_stat_progress_create_index using (pid)
       where now() - a.query_start > $1::interval`,
      [interval],
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
