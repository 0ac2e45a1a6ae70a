import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createRepository } from '../repository/repository';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { until } from '../test/settings';
import { withClient } from '../test/transfers';
import { readCacheStats } from './read-cache-stats';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await withClient(server.url, (client) => client.query(ITEM_TABLE));
});
afterAll(() => server?.stop());

describe('what the caches of a DataSource hold', () => {
  it('is told by entity and by connection, for as long as these are there', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const { dataSource } = source;
    expect(readCacheStats(dataSource).entities).toEqual([]);
    const items = createRepository(dataSource, Item);
    for (let use = 0; use < 3; use += 1) await items.find({ where: { id: 1 }, select: ['id'] });
    const [{ pid }] = await dataSource.query('SELECT pg_backend_pid() AS pid');
    const nothing = { kept: 0, max: 256 };
    expect(readCacheStats(dataSource)).toEqual({
      entities: [
        {
          entity: 'Item',
          selects: { kept: 1, max: 256 },
          relations: nothing,
          aliases: { kept: 0, max: 16 },
          answers: nothing,
          answersInParts: nothing,
        },
      ],
      pools: [
        {
          pool: 'primary',
          seenTexts: { kept: 1, max: 10_000 },
          connections: [{ backendPid: pid, statements: { kept: 1, max: 256 } }],
        },
      ],
    });
    await withClient(server.adminUrl, (client) => client.query('SELECT pg_terminate_backend($1)', [pid]));
    await until(() => readCacheStats(dataSource).pools[0]?.connections.length === 0);
    await items.findById(1);
    expect(readCacheStats(dataSource).pools[0]?.connections).toMatchObject([{ statements: { kept: 0 } }]);
  });

  it('is nothing of connections that prepare nothing', async () => {
    await using source = await openItems(server.url, { max: 1 }, { maxPreparedStatements: 0 });
    const items = createRepository(source.dataSource, Item);
    for (let use = 0; use < 3; use += 1) await items.findById(1);
    expect(readCacheStats(source.dataSource).pools).toMatchObject([
      { connections: [], seenTexts: { kept: 0 } },
    ]);
  });

  it('is told of an open DataSource of this package, and of no other', async () => {
    const source = await openItems(server.url, { max: 1 });
    await source[Symbol.asyncDispose]();
    expect(() => readCacheStats(source.dataSource)).toThrow(/has no open pool/);
    expect(() => readCacheStats({} as never)).toThrow(/dataSource must be a DataSource/);
  });
});
