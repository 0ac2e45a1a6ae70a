import { rejection, settings } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import { createPostgresDataSource } from './data-source';
import { closeDataSource, openDataSource } from './open-data-source';
import { readPoolStats } from './read-pool-stats';

describe('opening a DataSource', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const create = (url: unknown = server.url) =>
    createPostgresDataSource({
      url: url as string,
      pool: settings,
      applicationName: 'test',
      entities: [],
      migrations: [],
    });

  it('that is open returns it as it is', async () => {
    const dataSource = create();
    await openDataSource(dataSource);
    expect(await openDataSource(dataSource)).toBe(dataSource);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await closeDataSource(dataSource);
  });

  it('twice at once makes one pool', async () => {
    const dataSource = create();
    const opened = await Promise.all([openDataSource(dataSource), openDataSource(dataSource)]);
    expect(opened).toEqual([dataSource, dataSource]);
    expect(await server.countBackends()).toBe(readPoolStats(dataSource).total);
    await closeDataSource(dataSource);
    // And it can be opened again.
    await openDataSource(dataSource);
    await closeDataSource(dataSource);
  });

  it.each([
    ['attempts', { attempts: 0 }],
    ['openDataSource option', { loger: console }],
  ])('refuses a wrong %s before it connects', async (option, options) => {
    expect(await rejection(openDataSource(create(), options as object))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
  });

  it.each(['not a url', 'mysql://u:secret@h/d', 'u:secret@h/d', '', 5, undefined])(
    'is not reached with %p for a URL, which is not shown',
    (url) => {
      expect(() => create(url ?? null)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          option: 'url',
          message: expect.not.stringContaining('secret'),
        }),
      );
    },
  );
});
