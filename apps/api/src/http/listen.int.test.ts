import { once } from 'node:events';
import { createServer } from 'node:http';
import { listenOn } from './listen';

const moments: readonly [string, (close: () => void) => void][] = [
  ['at once', (close) => close()],
  ['a microtask later', (close) => void Promise.resolve().then(close)],
  ['a tick later', (close) => void process.nextTick(close)],
];

describe('listenOn', () => {
  it.each(moments)('fails when the server is closed %s, and listens nowhere', async (_moment, when) => {
    for (const host of ['127.0.0.1', 'localhost']) {
      const server = createServer();
      const listening = listenOn(server, host, 0);
      when(() => server.close());
      await expect(listening).rejects.toMatchObject({
        code: 'HOLDFAST_LISTEN',
        message: `cannot listen on ${host}:0: the server was closed before it listened`,
      });
      expect(server.listening).toBe(false);
      expect(listListeners(server)).toEqual(listListeners(createServer()));
    }
  });

  it('says where it listens, and no longer minds a close', async () => {
    const server = createServer();
    const { url, port } = await listenOn(server, '127.0.0.1', 0);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(listListeners(server)).toEqual(listListeners(createServer()));
    server.close();
    await once(server, 'close');
  });
});

function listListeners(server: ReturnType<typeof createServer>): [string | symbol, number][] {
  return server.eventNames().map((name) => [name, server.listenerCount(name)]);
}
