import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createPostgresDataSource } from '../data-source/data-source';
import { openDataSource } from '../data-source/open-data-source';
import { settings as poolSettings } from '../test/settings';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createConnectionManager } from './manager-registry';

const CALLERS = 12;
const ROUNDS = 60;
const READ = `SELECT current_setting('app.tenant', true) AS value`;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());

/** Settings of callers who share connections, whatever becomes of the statements before. */
describe.each([0, 256, 2])(
  'callers with settings, beside others, on three connections that hold %i statements',
  (most) => {
    it('each read their own, and those without read none, while statements fail, are cancelled and forgotten', async () => {
      const dataSource = createPostgresDataSource({
        url: server.url,
        pool: { ...poolSettings, max: 3 },
        applicationName: 'test',
        entities: [],
        migrations: [],
        maxPreparedStatements: most,
      });
      await openDataSource(dataSource);
      const unitOfWork = createUnitOfWork(dataSource);
      await using manager = createConnectionManager(dataSource, {
        healthCheckIntervalMs: 0,
        transactions: unitOfWork,
      });
      const seen: { readonly caller: string; readonly kind: string; readonly value: unknown }[] = [];
      const wrongs = (): typeof seen =>
        seen.filter(({ caller, value }) => (caller === '' ? Boolean(value) : value !== caller));

      const run = async (caller: string, round: number): Promise<void> => {
        const settings = caller === '' ? {} : { 'app.tenant': caller };
        const note = (kind: string, rows: readonly { readonly value: unknown }[]): void => {
          for (const { value } of rows) seen.push({ caller, kind, value });
        };
        const onConnection = (text: string, values?: unknown[], signal?: AbortSignal) =>
          manager.withConnection((runner) => runner.query(text, values), { settings, signal });
        const kinds: readonly (() => Promise<unknown>)[] = [
          async () => note('prepared', await onConnection(`${READ} WHERE $1::int > 0`, [1])),
          async () => note('plain', await onConnection(READ)),
          async () => note('of many texts', await onConnection(`${READ} WHERE $1::int > ${round}`, [1_000])),
          () => onConnection(`${READ} WHERE 1 / $1::int > 0`, [0]),
          () => onConnection(`${READ}, nothing_of_that_name WHERE $1::int > 0`, [0]),
          () => onConnection(`${READ}, pg_sleep($1)`, [0.5], AbortSignal.timeout(1 + (round % 7))),
          () => onConnection('DEALLOCATE ALL'),
          () =>
            unitOfWork.run(
              async (inner) => {
                note('in a transaction', await inner.query(READ));
                await inner
                  .transaction(async (nested) => {
                    note('behind a savepoint', await nested.query(`${READ} WHERE $1::int > 0`, [1]));
                    throw new Error('rolled back to the savepoint');
                  })
                  .catch(() => undefined);
                note('behind its rollback', await inner.query(READ));
                if (round % 2 === 0) throw new Error('rolled back');
              },
              { settings },
            ),
          () =>
            manager.withConnection(
              async (runner) => {
                // Forgotten: the connection is closed, or it has ended by then.
                runner.query(`${READ} WHERE $1::int > 0`, [1]).catch(() => undefined);
              },
              { settings },
            ),
        ];
        await kinds[(round * 5 + caller.length) % kinds.length]?.().catch(() => undefined);
      };
      await Promise.all(
        Array.from({ length: CALLERS }, async (_, at) => {
          const caller = at % 3 === 0 ? '' : 'x'.repeat(at);
          for (let round = 0; round < ROUNDS; round += 1) await run(caller, round);
        }),
      );
      expect(wrongs()).toEqual([]);
      const kinds = new Set(seen.map(({ kind }) => kind));
      expect([...kinds].toSorted()).toEqual([
        'behind a savepoint',
        'behind its rollback',
        'in a transaction',
        'of many texts',
        'plain',
        'prepared',
      ]);
      expect(new Set(seen.map(({ caller }) => caller)).size).toBe(9);
    });
  },
);
