import { closeDataSource } from '../data-source/open-data-source';
import { createComparedDataSource } from '../test/compared-data-sources';
import { rejection } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import { createUnitOfWork } from '../transactions/unit-of-work';

const SLEEP = 'SELECT pg_sleep($1::float)';

describe("the driver's own query_timeout", () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  async function open() {
    const url = `${database.url}?query_timeout=300`;
    const dataSource = await createComparedDataSource('ours', { url, pool: { max: 1 } }).initialize();
    // Executed by its name from now on.
    for (let use = 0; use < 3; use += 1) await dataSource.query(SLEEP, [0]);
    return { dataSource, [Symbol.asyncDispose]: () => closeDataSource(dataSource).then(() => undefined) };
  }

  it('holds for a statement that is executed by its name, and the next one is answered', async () => {
    await using source = await open();
    const error = await rejection(source.dataSource.query(SLEEP, [1]));
    expect(error.message).toBe('Query read timeout');
    expect(await source.dataSource.query('SELECT $1::int AS "one"', [1])).toEqual([{ one: 1 }]);
  });

  it('holds in a unit of work', async () => {
    await using source = await open();
    const unitOfWork = createUnitOfWork(source.dataSource, { witness: false });
    // It is not run again: it would take as long.
    for (const [text, values] of [[SLEEP, [1]], ['SELECT pg_sleep(1)']] as const) {
      const early = await rejection(unitOfWork.run((manager) => manager.query(text, values && [...values])));
      expect(early).toMatchObject({ name: 'QueryFailedError', message: 'Query read timeout' });
    }
    expect(await unitOfWork.run((manager) => manager.query('SELECT 1 AS "one"'))).toEqual([{ one: 1 }]);
  });
});
