import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TemporaryServer } from '../postgres-server';
import { openTemporaryServer } from '../temporary-server';
import { eventually } from '../test/eventually';
import { waitForJam } from '../test/jam';
import { openClient, query } from '../test/query';
import type { MessageVerdict, ProxyMessage } from './message-rules';
import { openProxy } from './postgres-proxy';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await query(server.url, 'CREATE TABLE notes (name text PRIMARY KEY, note text)');
});
afterAll(() => server.stop());

/** Three messages log in, six begin the transaction and insert, the tenth is COMMIT. */
const loginMessages = 3;
const commitOrdinal = 10;

async function insertInTransaction(url: string, name: string): Promise<void> {
  await using client = await openClient(url, { application_name: name });
  await client.query('BEGIN');
  await client.query('INSERT INTO notes VALUES ($1)', [name]);
  await client.query('COMMIT');
}

/** Whether the row is there once the session that may have written it has ended. */
async function isKept(name: string): Promise<boolean> {
  const sessions = `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = '${name}'`;
  await eventually('the session has ended', async () => (await query(server.url, sessions))[0] === 0);
  const rows = `SELECT count(*)::int FROM notes WHERE name = '${name}'`;
  return (await query(server.url, rows))[0] === 1;
}

function at(wanted: Partial<ProxyMessage>, verdict: MessageVerdict) {
  return (message: ProxyMessage) => {
    const facts = Object.entries(wanted) as [keyof ProxyMessage, unknown][];
    return facts.every(([name, value]) => message[name] === value) ? verdict : undefined;
  };
}

const commit = { direction: 'frontend', type: 'Q', text: 'COMMIT' } as const;

describe('a transaction whose connection is cut at COMMIT', () => {
  it('is kept, and its client content, if the rule has been removed', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    const remove = proxy.onMessage(at(commit, 'cut-before'));
    remove();
    await insertInTransaction(proxy.urlThrough(server.url), name);
    expect(await isKept(name)).toBe(true);
  });

  it('before it is lost: the client is reset, and the server never saw COMMIT', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at(commit, 'cut-before'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isKept(name)).toBe(false);
  });

  it('after it is kept: the client is reset all the same, and the server has committed', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at(commit, 'cut-after'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isKept(name)).toBe(true);
  });

  it('before its answer is kept already when the client is reset', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at({ direction: 'backend', text: 'COMMIT' }, 'cut-before'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await query(server.url, `SELECT name FROM notes WHERE name = '${name}'`)).toEqual([name]);
  });

  it('after its answer is kept, and the client hears it, and then the end of the connection', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at({ direction: 'backend', text: 'COMMIT' }, 'cut-after'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toThrow('Connection terminated unexpectedly');
    expect(await isKept(name)).toBe(true);
  });
});

describe('a transaction cut at any message', () => {
  const ordinals = Array.from({ length: commitOrdinal }, (_, index) => index + 1);

  it.each(ordinals)('before message %i is lost', async (ordinal) => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at({ direction: 'frontend', ordinal }, 'cut-before'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isKept(name)).toBe(false);
  });

  it.each(ordinals)('after message %i is lost, unless that is COMMIT', async (ordinal) => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at({ direction: 'frontend', ordinal }, 'cut-after'));
    const attempt = insertInTransaction(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isKept(name)).toBe(ordinal === commitOrdinal);
  });
});

describe('a statement with a parameter of one megabyte', () => {
  const note = 'n'.repeat(1_000_000);

  async function insert(url: string, name: string): Promise<void> {
    await using client = await openClient(url, { application_name: name });
    await client.query('INSERT INTO notes VALUES ($1, $2)', [name, note]);
  }

  it.each([
    ['cut-after', 'B', false],
    ['cut-before', 'S', false],
    ['cut-after', 'S', true],
  ] as const)('%s its %s: the server gets all up to there, and no more', async (verdict, type, kept) => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    proxy.onMessage(at({ direction: 'frontend', type }, verdict));
    const attempt = insert(proxy.urlThrough(server.url), name);
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await isKept(name)).toBe(kept);
    expect(proxy.counts.frontendBytes).toBeGreaterThan(1_000_000);
    if (!kept) return;
    const length = `SELECT length(note) FROM notes WHERE name = '${name}'`;
    expect(await query(server.url, length)).toEqual([note.length]);
  });
});

describe('a statement cut after its last message', () => {
  it('is executed even if the server is still busy sending what the client has not read', async () => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    await using client = await openClient(proxy.urlThrough(server.url), {
      application_name: name,
      pipeline: true,
    });
    const { stream } = (client as typeof client & { connection: { stream: Socket } }).connection;
    stream.pause();
    const reading = client.query('SELECT repeat($1, 1000) FROM generate_series(1, 60000)', ['x']);
    await waitForJam(proxy, { serverUrl: server.url, applicationName: name });
    proxy.onMessage(at({ direction: 'frontend', type: 'S' }, 'cut-after'));
    // More than the server's end buffers, so a part of it is still on the way when the client is reset.
    const writing = client.query('INSERT INTO notes VALUES ($1, $2)', [name, 'n'.repeat(400_000)]);
    const outcomes = Promise.allSettled([reading, writing]);
    expect(await isKept(name)).toBe(true);
    stream.resume();
    expect(await outcomes).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  });
});

describe('a connection frozen at a message', () => {
  async function readLastStatement(name: string): Promise<unknown> {
    const sql = `SELECT query FROM pg_stat_activity WHERE application_name = '${name}' AND state = 'idle'`;
    return (await query(server.url, sql))[0];
  }

  it.each([
    ['freeze', 'SELECT 1 AS first'],
    ['freeze-after', 'SELECT 2 AS second'],
  ] as const)('by %s leaves the server at "%s", and goes on after thaw', async (verdict, last) => {
    await using proxy = await openProxy(server);
    const name = randomUUID();
    await using client = await openClient(proxy.urlThrough(server.url), { application_name: name });
    await using other = await openClient(proxy.urlThrough(server.url));
    await client.query('SELECT 1 AS first');
    const remove = proxy.onMessage(at({ direction: 'frontend', text: 'SELECT 2 AS second' }, verdict));
    proxy.resetCounts();
    const second = client.query('SELECT 2 AS second');
    await eventually('the message has come', () => proxy.counts.frontend.Q === 1);
    await eventually('the server is there', async () => (await readLastStatement(name)) === last);
    expect((await other.query('SELECT 3 AS third')).rows).toEqual([{ third: 3 }]);
    // Only the other connection's answer has come.
    expect(proxy.counts.backend).toMatchObject({ Z: 1 });
    expect(await readLastStatement(name)).toBe(last);
    remove();
    proxy.thaw();
    expect((await second).rows).toEqual([{ second: 2 }]);
    expect(proxy.counts.frontend).toEqual({ Q: 2 });
  });

  it('may be frozen again by the next message of the same flight', async () => {
    await using proxy = await openProxy(server);
    await using client = await openClient(proxy.urlThrough(server.url));
    const held: string[] = [];
    const remove = proxy.onMessage(({ direction, type }) => {
      if (direction === 'backend') return undefined;
      held.push(type);
      return 'freeze';
    });
    const answer = client.query('SELECT $1::int AS one', [1]);
    const types = ['P', 'B', 'D', 'E', 'S'];
    for (const [index] of types.entries()) {
      await eventually('a message is held back', () => held.length === index + 1);
      expect(held).toEqual(types.slice(0, index + 1));
      proxy.thaw();
    }
    remove();
    expect((await answer).rows).toEqual([{ one: 1 }]);
  });
});

describe('a handler', () => {
  it('sees what each message says, and where it came through', async () => {
    await using proxy = await openProxy(server);
    const seen: ProxyMessage[] = [];
    const url = proxy.urlThrough(server.url);
    await query(url, 'SELECT 0');
    proxy.onMessage((message) => {
      seen.push(message);
    });
    await using client = await openClient(url);
    await client.query('BEGIN');
    await client.query('INSERT INTO notes VALUES ($1)', [randomUUID()]);
    const [first] = seen;
    const connection = { index: 1, id: first?.connection.id };
    expect(first).toMatchObject({ direction: 'frontend', type: 'Startup', ordinal: 1, connection });
    const ofFrontend = seen.filter(({ direction }) => direction === 'frontend').slice(loginMessages);
    expect(ofFrontend).toMatchObject([
      { type: 'Q', text: 'BEGIN', ordinal: 4, connection },
      { type: 'P', text: 'INSERT INTO notes VALUES ($1)', ordinal: 5, connection },
      { type: 'B', text: undefined, ordinal: 6, connection },
      { type: 'D', text: undefined, ordinal: 7, connection },
      { type: 'E', text: undefined, ordinal: 8, connection },
      { type: 'S', text: undefined, ordinal: 9, connection },
    ]);
    expect(seen.filter(({ text }) => text !== undefined).map(({ text }) => text)).toEqual([
      'BEGIN',
      'BEGIN',
      'INSERT INTO notes VALUES ($1)',
      'INSERT 0 1',
    ]);
  });

  it('that throws stops nothing, and close tells', async () => {
    const proxy = await openProxy(server);
    proxy.onMessage(() => {
      throw new Error('a broken expectation');
    });
    expect(await query(proxy.urlThrough(server.url), 'SELECT 1')).toEqual([1]);
    await expect(proxy.close()).rejects.toThrow('a broken expectation');
    expect(proxy.connections).toBe(0);
  });
});
