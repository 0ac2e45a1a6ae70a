import { Writable } from 'node:stream';
import type { Variables } from '@holdfast/db';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { createService } from '../compose';
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

/** Starts the service on a database, and speaks to it over a socket. */
export async function openService(databaseUrl: string, variables: Variables = {}): Promise<TestService> {
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
  const send = (path: string, init: RequestInit) => fetch(`${url}${path}`, init).then(readAnswer);
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
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
