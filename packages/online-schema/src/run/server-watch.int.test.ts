import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { ensureIndex } from '../migration/ensure-index';
import { openScratch, type Scratch } from '../test/scratch';
import { waitFor } from '../test/wait-for';
import { migrate } from './migrate';
import type { RunEvent } from './run-event';

const NAME = 'idx_parcels_weight';

class IndexParcels1700000000000 implements MigrationInterface {
  readonly name = 'IndexParcels1700000000000';
  readonly transaction = false;
  async up(runner: QueryRunner) {
    await ensureIndex(runner, { table: 'parcels', name: NAME, keys: ['"weight"'] });
  }
  async down() {}
}

const ofType = <T extends RunEvent['type']>(events: readonly RunEvent[], type: T) =>
  events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);

describe('a run that builds an index', () => {
  let scratch: Scratch;
  let reader: QueryRunner;
  let events: RunEvent[];
  const report = (event: RunEvent) => void events.push(event);

  beforeEach(async () => {
    events = [];
    scratch = await openScratch();
    await scratch.dataSource.query(
      'create table parcels as select n as id, (random() * 1e9)::integer as weight from generate_series(1, 20000) n',
    );
    await scratch.dataSource.query('create table unrelated (id integer)');
    reader = scratch.dataSource.createQueryRunner();
  });

  afterEach(async () => {
    await reader.release();
    await scratch.close();
  });

  const open = (options: object = {}) =>
    scratch.open({ migrations: [IndexParcels1700000000000], ...options });
  const holdSnapshot = async () => {
    await reader.query(`set application_name = 'report of the night'`);
    await reader.startTransaction('REPEATABLE READ');
    await reader.query('select count(*) from unrelated');
  };

  it('tells phases and progress, whom it waits for, and when it goes on', async () => {
    const [{ pid }] = await reader.query('select pg_backend_pid() as pid');
    await holdSnapshot();
    const running = migrate(await open(), { report });
    await waitFor(() => ofType(events, 'blocked').length > 0);
    await reader.commitTransaction();
    await running;
    expect(ofType(events, 'blocked')).toEqual([
      {
        type: 'blocked',
        name: NAME,
        blockers: [
          {
            pid,
            application: 'report of the night',
            user: 'holdfast',
            by: 'snapshot',
            state: 'idle in transaction',
            ageMs: expect.any(Number),
            query: 'select count(*) from unrelated',
          },
        ],
      },
    ]);
    const [{ waitedMs } = { waitedMs: 0 }] = ofType(events, 'unblocked');
    expect(waitedMs).toBeGreaterThan(900);
    expect(ofType(events, 'progress').at(-1)).toMatchObject({
      name: NAME,
      progress: { phase: 'waiting for old snapshots', done: 0, total: 1, unit: 'sessions' },
    });
  });

  it('says once what a role without pg_read_all_stats cannot see, and names the blocker all the same', async () => {
    const [{ database }] = await scratch.dataSource.query('select current_database() as database');
    const role = `plain_${database}`;
    await scratch.dataSource.query(`create role ${role} login password 'plain'`);
    await scratch.dataSource.query(`alter table parcels owner to ${role}`);
    await scratch.dataSource.query(`grant create on schema public to ${role}`);
    const url = new URL(scratch.url);
    url.username = role;
    url.password = 'plain';
    try {
      const [{ pid }] = await reader.query('select pg_backend_pid() as pid');
      await holdSnapshot();
      const dataSource = await open({ url: url.href });
      const running = migrate(dataSource, { report });
      await waitFor(() => ofType(events, 'blocked').length > 0);
      await reader.commitTransaction();
      await running;
      expect(ofType(events, 'blocked')[0]?.blockers).toEqual([
        {
          pid,
          application: 'report of the night',
          user: 'holdfast',
          by: 'snapshot',
          state: null,
          ageMs: null,
          query: null,
        },
      ]);
      expect(ofType(events, 'notice')).toEqual([
        { type: 'notice', name: NAME, message: expect.stringContaining('GRANT pg_read_all_stats') },
      ]);
      await dataSource.destroy();
    } finally {
      await scratch.dataSource.query('drop table parcels');
      await scratch.dataSource.query(`drop owned by ${role}`);
      await scratch.dataSource.query(`drop role ${role}`);
    }
  });

  it('watches beside a pool of a single connection', async () => {
    await holdSnapshot();
    const dataSource = await open({ poolSize: 1 });
    const running = migrate(dataSource, { report });
    await waitFor(() => ofType(events, 'blocked').length > 0);
    await reader.commitTransaction();
    await expect(running).resolves.toHaveLength(1);
  });

  it('goes on without a second connection, and says so', async () => {
    const [{ database }] = await scratch.dataSource.query('select current_database() as database');
    const role = `single_${database}`;
    await scratch.dataSource.query(`create role ${role} login password 'single' connection limit 1`);
    await scratch.dataSource.query(`alter table parcels owner to ${role}`);
    await scratch.dataSource.query(`grant create on schema public to ${role}`);
    const url = new URL(scratch.url);
    url.username = role;
    url.password = 'single';
    try {
      const dataSource = await open({ url: url.href, poolSize: 1 });
      await expect(migrate(dataSource, { report })).resolves.toHaveLength(1);
      await dataSource.destroy();
    } finally {
      await scratch.dataSource.query('drop table parcels');
      await scratch.dataSource.query(`drop owned by ${role}`);
      await scratch.dataSource.query(`drop role ${role}`);
    }
    expect(ofType(events, 'notice')).toEqual([
      {
        type: 'notice',
        name: 'watch',
        message: expect.stringMatching(
          /^there is no second connection \(.*\); progress and blockers are not told$/,
        ),
      },
    ]);
  });

  it('goes on when the watching connection is ended, and says so', async () => {
    await holdSnapshot();
    const running = migrate(await open(), { report });
    // It watches by then: one that is ended while it opens is told otherwise.
    await waitFor(() => ofType(events, 'blocked').length > 0);
    const end = () =>
      scratch.dataSource.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'holdfast watch' and datname = current_database()`,
      );
    await waitFor(async () => (await end()).length === 1);
    await waitFor(() => ofType(events, 'notice').some(({ message }) => message.startsWith('the connection')));
    await reader.commitTransaction();
    await expect(running).resolves.toHaveLength(1);
  });

  it('is seen by others under its name, and gives the session back as it was', async () => {
    await holdSnapshot();
    const dataSource: DataSource = await open({ poolSize: 1, applicationName: 'shop' });
    const running = migrate(dataSource, { report });
    const names = async () =>
      (
        await scratch.dataSource.query(
          `select application_name as name from pg_stat_activity
           where datname = current_database() and application_name like 'holdfast%' order by 1`,
        )
      ).map(({ name }: { name: string }) => name);
    await waitFor(async () => (await names()).length === 2);
    expect(await names()).toEqual(['holdfast migrate', 'holdfast watch']);
    await reader.commitTransaction();
    await running;
    expect(await names()).toEqual([]);
    expect(await dataSource.query('show application_name')).toEqual([{ application_name: 'shop' }]);
  });
});
