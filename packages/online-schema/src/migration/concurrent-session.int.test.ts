import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrate } from '../run/migrate';
import { openScratch, type Scratch } from '../test/scratch';
import { ensureIndex } from './ensure-index';

const SETTINGS = ['lock_timeout', 'statement_timeout', 'client_connection_check_interval'];
const OPTIONS = '-c lock_timeout=7s -c statement_timeout=77s -c client_connection_check_interval=9s';

describe('the session of a statement that runs concurrently', () => {
  let scratch: Scratch;

  afterEach(() => scratch?.close());

  // Each is a statement after which the session has fewer limits than before.
  it.each(['client_connection_check_interval', 'max_parallel_maintenance_workers', 'create index'])(
    'goes back to the pool as it came where the run is stopped at %s',
    async (at) => {
      const controller = new AbortController();
      let isStopped = false;
      class IndexPeople1700000000000 implements MigrationInterface {
        readonly name = 'IndexPeople1700000000000';
        readonly transaction = false;
        async up(runner: QueryRunner) {
          const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
          const stopping = async (...args: unknown[]) => {
            const isSet = /set_config|create index/i.test(String(args[0]));
            if (isSet && JSON.stringify(args).toLowerCase().includes(at)) {
              isStopped = true;
              controller.abort();
            }
            return query(...args);
          };
          Object.assign(runner, { query: stopping });
          await ensureIndex(runner, { table: 'people', name: 'people_email', keys: ['email'] });
        }
        async down() {}
      }
      scratch = await openScratch({
        extra: { options: OPTIONS, max: 1 },
        migrations: [IndexPeople1700000000000],
      });
      const { dataSource } = scratch;
      await dataSource.query('create table people (id integer primary key, email text)');
      const read = () =>
        dataSource.query(
          `select pg_backend_pid() as pid, name, setting from pg_settings where name = any ($1) order by name`,
          [[...SETTINGS, 'max_parallel_maintenance_workers']],
        );
      const before = await read();
      await expect(migrate(dataSource, { signal: controller.signal })).rejects.toMatchObject({
        code: 'HOLDFAST_STOPPED',
      });
      expect(isStopped).toBe(true);
      expect(await read()).toEqual(before);
    },
  );
});
