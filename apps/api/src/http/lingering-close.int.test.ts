import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { BLANK_CHUNK, listenTo, listStatuses, renderLines, sendBlindly } from '../test/raw-http';
import { LingeringClose, type LingerLimits } from './lingering-close';
import { listenOn } from './listen';

const ROUNDS = 30;
/** So long that a test which waits for one of them fails. */
const FOREVER_MS = 600_000;
const LIMITS: LingerLimits = {
  longestMs: FOREVER_MS,
  idleMs: FOREVER_MS,
  mostBytes: 2 ** 30,
  closingMs: FOREVER_MS,
};
const HEAD = ['POST / HTTP/1.1', 'host: x'];
const FOUR_BYTES = renderLines([...HEAD, 'content-length: 4'], 'ab');
const CHUNKED = renderLines([...HEAD, 'transfer-encoding: chunked']);
const EMPTY = renderLines([...HEAD, 'content-length: 0']);

const refuse = (_request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(413, { connection: 'close', 'content-length': 2 }).end('no');
};

/** A server that answers as it is told, on a free port. */
async function openServer(answer: typeof refuse, limits: Partial<LingerLimits> | 'at-once' = {}) {
  const server = createServer({ requestTimeout: 0 }, answer);
  const lingering = limits === 'at-once' ? undefined : new LingeringClose(server, { ...LIMITS, ...limits });
  const accepted: Socket[] = [];
  server.on('connection', (socket: Socket) => accepted.push(socket));
  const { url } = await listenOn(server, '127.0.0.1', 0);
  return { server, lingering, accepted, url, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

describe('a client that is refused while it sends', () => {
  it('has its answer, and no reset, in every round', async () => {
    const { url, close } = await openServer(refuse);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { said, isReset } = await sendBlindly(url, HEAD, 100);
        expect({ statuses: listStatuses(said), isReset }).toEqual({ statuses: [413], isReset: false });
      }
    } finally {
      await close();
    }
  });

  it('loses it where the connection is closed at once (control)', async () => {
    const { url, close } = await openServer(refuse, 'at-once');
    try {
      let lost = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const { said, isReset } = await sendBlindly(url, HEAD, 100);
        if (isReset && said === '') lost += 1;
      }
      expect(lost).toBeGreaterThan(0);
    } finally {
      await close();
    }
  });

  it('has it also where its body was read for a while, and then no more', async () => {
    const { url, close } = await openServer((request, response) => {
      request.once('data', () => {
        request.pause();
        // Long enough that the connection is paused for what nobody reads.
        setTimeout(() => refuse(request, response), 20);
      });
    });
    try {
      for (let round = 0; round < 5; round += 1) {
        expect(await sendBlindly(url, HEAD, 100)).toMatchObject({ isReset: false, said: /^HTTP\/1.1 413 / });
      }
    } finally {
      await close();
    }
  });
});

describe('a connection that has had its last answer', () => {
  it('serves no request that comes behind', async () => {
    let served = 0;
    const { url, close } = await openServer((request, response) => {
      served += 1;
      refuse(request, response);
    });
    try {
      const { socket, heard } = listenTo(url);
      socket.write(FOUR_BYTES);
      await once(socket, 'data');
      socket.write(`cd${EMPTY}`);
      socket.end(EMPTY);
      const { said, isReset } = await heard;
      expect({ statuses: listStatuses(said), isReset, served }).toEqual({
        ...{ statuses: [413], isReset: false, served: 1 },
      });
    } finally {
      await close();
    }
  });

  it('is closed at once when its client closes it, and held no longer', async () => {
    const { url, lingering, accepted, close } = await openServer(refuse);
    try {
      const { socket, heard } = listenTo(url);
      socket.write(FOUR_BYTES);
      await once(socket, 'end');
      const [held] = accepted;
      if (held === undefined) throw new Error('no connection');
      expect(lingering?.has(held)).toBe(true);
      const closed = once(held, 'close');
      socket.end();
      await Promise.all([closed, heard]);
      expect(lingering?.has(held)).toBe(false);
    } finally {
      await close();
    }
  });

  it('is kept for as long as its client sends', async () => {
    const { url, close } = await openServer(refuse, { idleMs: 500 });
    try {
      const { socket, heard } = listenTo(url);
      socket.write(CHUNKED);
      await once(socket, 'data');
      const untilMs = performance.now() + 1_000;
      while (performance.now() < untilMs) {
        socket.write('1\r\nx\r\n');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      socket.end();
      expect((await heard).isReset).toBe(false);
    } finally {
      await close();
    }
  });

  it.each([
    ['for longer than it may', { longestMs: 50 }, true],
    ['and sends nothing', { idleMs: 50 }, false],
    ['and sends more than it may', { mostBytes: 1024 * 1024 }, true],
  ] as const)('is destroyed when its client holds it %s', async (_why, limits, sends) => {
    const { url, accepted, close } = await openServer(refuse, limits);
    try {
      const { socket, heard } = listenTo(url);
      socket.write(CHUNKED);
      await once(socket, 'data');
      const [held] = accepted;
      const sendMore = (): void => {
        if (!socket.destroyed) socket.write(BLANK_CHUNK, () => setImmediate(sendMore));
      };
      if (sends) sendMore();
      if (held?.closed === false) await once(held, 'close');
      socket.destroy();
      expect((await heard).said).toMatch(/^HTTP\/1.1 413 /);
    } finally {
      await close();
    }
  });

  it('has little time when the server takes no connections any more, before or after', async () => {
    const { url, server, lingering } = await openServer(refuse, { closingMs: 50 });
    const before = listenTo(url);
    const after = listenTo(url);
    before.socket.write(FOUR_BYTES);
    await Promise.all([once(before.socket, 'data'), once(after.socket, 'connect')]);
    const closed = new Promise((resolve) => server.close(resolve));
    lingering?.hurry();
    after.socket.write(FOUR_BYTES);
    await once(after.socket, 'data');
    await closed;
    for (const { socket, heard } of [before, after]) {
      socket.destroy();
      expect((await heard).said).toMatch(/^HTTP\/1.1 413 /);
    }
  });
});
