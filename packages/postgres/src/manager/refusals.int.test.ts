import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { rejection } from '../test/settings';
import { openSource } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createConnectionManager } from './manager-registry';

describe('a connection manager refuses', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
  });
  afterAll(() => server?.stop());

  it('a unit of work of another DataSource, which would write to another database', async () => {
    await using mine = await openSource(server.url);
    await using other = await openSource(server.url);
    const transactions = createUnitOfWork(other.dataSource);
    expect(() => createConnectionManager(mine.dataSource, { transactions })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'transactions' }),
    );
    // One of its own is taken.
    const own = createUnitOfWork(mine.dataSource);
    await createConnectionManager(mine.dataSource, { transactions: own }).close();
  });

  it.each([
    ['withConnection option', () => 1, { timeout: 5 }],
    ['deadline', () => 1, { deadline: 'x' }],
    ['work', 'SELECT 1', {}],
  ])('a wrong %s', async (option, work, options) => {
    await using source = await openSource(server.url);
    const manager = createConnectionManager(source.dataSource, {
      transactions: createUnitOfWork(source.dataSource),
    });
    expect(await rejection(manager.withConnection(work as never, options as object))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
    await manager.close();
  });
});
