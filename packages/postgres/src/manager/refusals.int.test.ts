import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { rejection } from '../test/settings';
import { openSource } from '../test/transfers';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createConnectionManager, getConnectionManager } from './manager-registry';

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
    ['withConnection options', () => 1, null],
    ['withConnection options', () => 1, 500],
    ['signal', () => 1, { signal: null }],
    ['signal', () => 1, { signal: new AbortController() }],
    ['deadline', () => 1, { deadline: null }],
    ['work', 'SELECT 1', {}],
    ['work', undefined, {}],
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

  it.each([
    ['testConnection options', null],
    ['testConnection options', 500],
    ['testConnection option', { timeout: 500 }],
    ['timeoutMs', { timeoutMs: '500' }],
  ])('a test with wrong %s, which it answers as it answers all: %p', async (option, options) => {
    await using source = await openSource(server.url);
    const transactions = createUnitOfWork(source.dataSource);
    await using manager = createConnectionManager(source.dataSource, { transactions });
    expect(await manager.testConnection(options as object)).toMatchObject({
      ok: false,
      error: { code: 'INVALID_OPTION', option },
    });
  });

  it.each([
    ['close options', null],
    ['close options', 500],
    ['close option', { destroyMs: 500 }],
    ['deadlineMs', { deadlineMs: '500' }],
  ])('to close with wrong %s, and goes on: %p', async (option, options) => {
    await using source = await openSource(server.url);
    const transactions = createUnitOfWork(source.dataSource);
    await using manager = createConnectionManager(source.dataSource, { transactions });
    expect(await rejection(manager.close(options as object))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
    });
    expect(await manager.withConnection(() => 1)).toBe(1);
  });

  it.each([undefined, null, 'postgres://', 5, {}])('%p for a DataSource', (value) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION', option: 'dataSource' });
    const transactions = { run: () => Promise.reject(new Error('not called')) };
    expect(() => createConnectionManager(value as never, { transactions })).toThrow(refused);
    expect(() => getConnectionManager(value as never)).toThrow(refused);
  });
});
