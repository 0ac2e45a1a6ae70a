import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import { Item, openItems } from '../test/items';
import { ALL, collect, countTransactions, order, ROWS, resetItems } from '../test/numbered-items';
import { rejection } from '../test/settings';
import { openTcpProxy } from '../test/tcp-proxy';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => resetItems(server.url));

describe('a stream of entities', () => {
  it.each([1, 7, 24, 25, 26, 1_000])('is what a list is, in batches of %i', async (batchSize) => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const list = await items.find({ order });
    expect(await collect(items.stream({ order, batchSize }))).toStrictEqual(list);
    const options = {
      where: { size: 1 },
      order: { id: 'DESC' },
      select: ['id'],
      limit: 5,
      offset: 2,
    } as const;
    expect(await collect(items.stream({ ...options, batchSize }))).toStrictEqual(await items.find(options));
    expect(await collect(items.stream({ where: { label: 'none' }, batchSize }))).toEqual([]);
    expect(list[0]).toBeInstanceOf(Item);
    expect(await countTransactions(server.url)).toBe(0);
  });

  it('takes a round trip for each batch, and one to end', async () => {
    await using proxy = await openProxy(server);
    await using source = await openItems(proxy.urlThrough(server.url), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const sent: string[] = [];
    proxy.onMessage(({ direction, type, text }: ProxyMessage) => {
      if (direction === 'frontend') sent.push(type === 'Q' ? (text ?? '') : type);
    });
    await collect(items.stream({ where: { lower: 'x' }, batchSize: 10 }));
    expect(sent.join('')).toBe('PBEPBDESESESCOMMIT');
    sent.length = 0;
    for await (const _ of items.stream({ batchSize: 10 })) break;
    expect(sent.join('')).toBe('PBEPBDESROLLBACK');
  });

  it('has no more on its way than a batch, however much there is', async () => {
    let receivedBytes = 0;
    await using proxy = await openTcpProxy(server, (client, target) => {
      client.pipe(target);
      target.on('data', (chunk) => {
        receivedBytes += chunk.length;
        client.write(chunk);
      });
    });
    await using source = await openItems(proxy.urlThrough(server.url), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    await source.dataSource.query(
      `INSERT INTO item SELECT id, 1, repeat('x', 10000) FROM generate_series(1001, 2000) AS id`,
    );
    receivedBytes = 0;
    for await (const item of items.stream({ order: { id: 'DESC' }, batchSize: 10 })) {
      if (item.id < 1_996) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(receivedBytes).toBeGreaterThan(100_000);
    expect(receivedBytes).toBeLessThan(110_000);
    // The control: a list is there at once.
    await items.find();
    expect(receivedBytes).toBeGreaterThan(10_000_000);
  });

  it('shows one state of the database, whatever is written meanwhile', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const seen: number[] = [];
    for await (const { id } of items.stream({ order, batchSize: 2 })) {
      seen.push(id);
      await items.insert({ id: 1_000 + id, size: 1, label: 'new' });
      await items.delete(ROWS + 1 - id);
    }
    expect(seen).toEqual(ALL);
    expect(await items.find()).toHaveLength(ROWS);
  });

  it('sends nothing before it is read, nor when it is ended before', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const stream = createRepository(source.dataSource, Item).stream();
    await stream.return(undefined);
    expect(await collect(stream)).toEqual([]);
    createRepository(source.dataSource, Item).stream();
    expect(await createRepository(source.dataSource, Item).findById(1)).not.toBeNull();
  });

  it.each<[string, (stream: AsyncGenerator<Item, void>) => Promise<unknown>]>([
    [
      'break',
      async (stream) => {
        for await (const _ of stream) break;
      },
    ],
    [
      'an error of the loop',
      async (stream) => {
        for await (const _ of stream) throw new Error('of the loop');
      },
    ],
    [
      'return',
      async (stream) => {
        await stream.next();
        await stream.return();
      },
    ],
    [
      'throw',
      async (stream) => {
        await stream.next();
        await stream.throw(new Error('of the loop'));
      },
    ],
  ])('gives its connection back as it was after %s', async (_how, end) => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const readPid = () => source.dataSource.query('SELECT pg_backend_pid() AS pid');
    const pid = await readPid();
    for (let round = 0; round < 3; round += 1) {
      await end(items.stream({ batchSize: 3 })).catch(({ message }: Error) =>
        expect(message).toBe('of the loop'),
      );
      expect(await readPid()).toEqual(pid);
      expect(await countTransactions(server.url)).toBe(0);
    }
  });

  it('gives its connection back when its statement fails, and does not tell its parameters', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const readPid = () => source.dataSource.query('SELECT pg_backend_pid() AS pid');
    const pid = await readPid();
    const circular: Record<string, unknown> = {};
    Object.assign(circular, { self: circular });
    for (const [size, code] of [
      ['never-shown', '22P02'],
      [circular as never, undefined],
    ] as const) {
      const error = await rejection(collect(items.stream({ where: { size } })));
      expect(error).toMatchObject({ name: 'QueryFailedError', parameters: [] });
      expect((error as { driverError?: { code?: string } }).driverError?.code).toBe(code);
      expect(readPhase(error)).toBeUndefined();
      expect(await readPid()).toEqual(pid);
    }
  });

  it('ends at its signal before the next batch', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const ending = new AbortController();
    const seen: number[] = [];
    const reason = new Error('enough');
    const work = async () => {
      for await (const { id } of items.stream({ order, batchSize: 4, signal: ending.signal })) {
        seen.push(id);
        if (id === 6) ending.abort(reason);
      }
    };
    expect(await rejection(work())).toBe(reason);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await rejection(collect(items.stream({ signal: ending.signal })))).toBe(reason);
    expect(await items.find()).toHaveLength(ROWS);
  });

  it.each<[object, RegExp]>([
    [{ batchSize: 0 }, /batchSize must be an integer of at least 1/],
    [{ batchSize: 2 ** 31 }, /batchSize must be an integer of at least 1 and of at most 2147483647/],
    [{ signal: 1 }, /signal must be an AbortSignal/],
    [{ relations: {} }, /stream option must be one of where, select, order/],
    [{ where: { nothing: 1 } }, /where.nothing must be one of id/],
  ])('%p is refused at once', async (options, message) => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    expect(() => items.stream(options)).toThrow(message);
  });
});
