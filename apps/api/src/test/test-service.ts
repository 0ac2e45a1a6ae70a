import { Writable } from 'node:stream';
import { createDataSource, type Variables } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { createApiKeyText } from '../api-key-text';
import { createService } from '../compose';
import { writeOperatorKey } from '../operator-key';
import { readServiceSettings } from '../settings';

/** An answer, read to its end. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert the shape that a compiler cannot know
  readonly body: any;
}

/** A running service on a free port. */
export interface TestService {
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  send(path: string, init: RequestInit): Promise<Answer>;
  /** What the service has written so far. */
  readLog(): Record<string, unknown>[];
  close(): Promise<void>;
}

/** Of every service that a test starts. */
export const TEST_PEPPER = 'a pepper of thirty-two bytes, or more';

/** Of an operator, with every scope: sent by every request of a test that says nothing else. */
export const TEST_KEY = createApiKeyText('test').text;

/** The database knows the key, whatever policies it has and whatever becomes of the service. */
export async function writeTestKey(databaseUrl: string): Promise<void> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: databaseUrl }));
  try {
    await writeOperatorKey(dataSource.manager, TEST_PEPPER, { text: TEST_KEY, name: 'test' });
  } finally {
    await closeDataSource(dataSource);
  }
}

/** Starts the service on a database, and speaks to it over a socket. */
export async function openService(databaseUrl: string, variables: Variables = {}): Promise<TestService> {
  await writeTestKey(databaseUrl);
  const lines: string[] = [];
  const logStream = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  const service = createService(
    readServiceSettings({
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: databaseUrl,
      API_KEY_PEPPER: TEST_PEPPER,
      ...variables,
    }),
    { logStream },
  );
  await service.listen();
  const url = service.address ?? '';
  const send = (path: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TEST_KEY}`);
    // As a client without a key.
    if (headers.get('authorization') === '') headers.delete('authorization');
    return fetch(`${url}${path}`, { ...init, headers }).then(readAnswer);
  };
  const sendJson = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    send(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    url,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, headers) => sendJson('POST', path, body, headers),
    patch: (path, body, headers) => sendJson('PATCH', path, body, headers),
    send,
    readLog: () => lines.map((line) => JSON.parse(line)),
    close: () => service.close(),
  };
}

/** Starts the service on a migrated database of its own; `close` drops the database too. */
export async function openServiceOnTestDatabase(
  variables: Variables = {},
): Promise<TestService & { readonly database: TestDatabase }> {
  const database = await openTestDatabase();
  const service = await openService(database.url, variables);
  const close = async () => {
    await service.close();
    await database.drop();
  };
  return { ...service, database, close };
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  // Whoever asks for the head alone gets no body.
  const isJson = text !== '' && /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
