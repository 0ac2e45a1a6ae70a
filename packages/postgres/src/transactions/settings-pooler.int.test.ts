import { isPgBouncerInstalled, openPgBouncer, openTemporaryServer } from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { createConnectionManager } from '../manager/manager-registry';
import { readSetting } from '../test/read-setting';
import { settings } from '../test/settings';
import { createUnitOfWork } from './unit-of-work';

const isInstalled = isPgBouncerInstalled();
const reason = isInstalled ? '' : ' (skipped: pgbouncer is not installed)';

(isInstalled ? describe : describe.skip)(`settings behind PgBouncer in transaction mode${reason}`, () => {
  it.each(['transaction', 'transaction-prepared'] as const)(
    'stay with their own callers on one connection of the server: %s',
    async (pooler) => {
      const server = await openTemporaryServer();
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
        const manager = createConnectionManager(dataSource, {
          healthCheckIntervalMs: 0,
          transactions: unitOfWork,
        });
        const read = (inner: EntityManager) => readSetting(inner);
        const calls = Array.from({ length: 40 }, async (_, at) => {
          const options = { settings: { 'app.tenant': String(at) } };
          const held =
            at % 2 === 0
              ? await unitOfWork.run(read, options)
              : await manager.withConnection((runner) => read(runner.manager), options);
          const bare = await manager.withConnection((runner) => read(runner.manager));
          return held === String(at) && !bare;
        });
        expect(await Promise.all(calls)).toEqual(calls.map(() => true));
      } finally {
        await closeDataSource(dataSource);
        await server.stop();
      }
    },
  );
});
