import { isPgBouncerInstalled, openPgBouncer, openTemporaryServer } from '@holdfast/local-postgres';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { settings, settle } from '../test/settings';
import { createTables, readBalance, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const isInstalled = isPgBouncerInstalled();
const reason = isInstalled ? '' : ' (skipped: pgbouncer is not installed)';

(isInstalled ? describe : describe.skip)(
  `units of work behind PgBouncer in transaction mode${reason}`,
  () => {
    it.each(['transaction', 'transaction-prepared'] as const)(
      'are whole on one connection of the server, BEGIN with the first statement and COMMIT with the last: %s',
      async (pooler) => {
        await using server = await openTemporaryServer();
        await createTables(server.url);
        await using bouncer = await openPgBouncer(server, { mode: 'transaction', poolSize: 1 });
        const dataSource = createPostgresDataSource({
          url: bouncer.url,
          pool: { ...settings, max: 4 },
          applicationName: 'test',
          entities: [],
          migrations: [],
          pooler,
        });
        try {
          await openDataSource(dataSource);
          const unitOfWork = createUnitOfWork(dataSource, { witness: false });
          const pay = (at: number) =>
            unitOfWork.run(async (manager, { commitWith }) => {
              await manager.query('SELECT balance FROM accounts WHERE id = $1 FOR UPDATE', [1]);
              commitWith('UPDATE accounts SET balance = balance - 1 WHERE id = $1', [1]);
              // Every fourth is there already.
              commitWith('INSERT INTO transfers VALUES ($1, 1)', [at % 4 === 3 ? 'taken' : `pay-${at}`]);
            });
          await unitOfWork.run((manager) => manager.query(`INSERT INTO transfers VALUES ('taken', 1)`));
          const results = await Promise.all(Array.from({ length: 40 }, (_, at) => settle(pay(at))));
          expect(results.filter((result) => result === 'done')).toHaveLength(30);
          expect(results.at(3)).toMatchObject({ code: '23505' });
          expect(await readBalance(server.url)).toBe(70);
          const kept = await withClient(server.url, (client) => client.query('SELECT FROM transfers'));
          expect(kept.rowCount).toBe(31);
        } finally {
          await closeDataSource(dataSource);
        }
      },
    );
  },
);
