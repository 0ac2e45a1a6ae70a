import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { appendEvents, createDataSource, newId, runEventWorker } from '@holdfast/db';
import { openTemporaryServer, openTestDatabase } from '@holdfast/local-postgres';
import { createLogger } from '@holdfast/observability';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { exponential } from '@holdfast/resilience';
import type { DataSource } from 'typeorm';
import { migrate } from './migrate';
import { lockOrganizations } from './table-lock';
import { openService, type TestService } from './test-service';

/** What a service has written. */
export type Log = readonly Record<string, unknown>[];

/** A question of a client that needs the database. */
export const QUESTION = '/v1/organizations?domain=acme.example';

/** The work runs on an open DataSource of the database. */
export async function withDataSource<T>(
  url: string,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: url }));
  try {
    return await work(dataSource);
  } finally {
    await closeDataSource(dataSource);
  }
}

/** Resolves when the service has written one of the lines; until then it is given something to do. */
async function waitForLine(
  service: TestService,
  messages: readonly string[],
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  while (!service.readLog().some(({ message }) => messages.includes(String(message)))) await meanwhile();
}

/** What a service writes whose server stops, and comes back. */
export async function sufferOutage(): Promise<Log> {
  const server = await openTemporaryServer();
  try {
    await migrate(server.url);
    const service = await openService(server.url, {
      DATABASE_POOL_ACQUIRE_MS: '200',
      DATABASE_POOL_CREATE_MS: '1000',
    });
    try {
      await service.get(QUESTION);
      await server.halt('immediate');
      const probe = () => service.get('/readyz');
      const ask = () => Promise.all(Array.from({ length: 5 }, () => service.get(QUESTION)));
      await waitForLine(service, ['The circuit changed its state'], ask);
      await waitForLine(service, OUTAGE_BEGINS, probe);
      await probe();
      await server.resume();
      await waitForLine(service, ['Database health check recovered'], probe);
      return service.readLog();
    } finally {
      await service.close();
    }
  } finally {
    await server.stop();
  }
}

/** Whichever is noticed first. */
export const OUTAGE_BEGINS = ['A database connection could not be opened', 'Database health check failed'];

/** What a service writes whose statements all wait for a lock, until every connection is in use. */
export async function sufferLock(): Promise<Log> {
  await using database = await openTestDatabase();
  const service = await openService(database.url, {
    DATABASE_POOL_MIN: '0',
    DATABASE_POOL_MAX: '12',
    DATABASE_POOL_ACQUIRE_MS: '1500',
    // From then on a statement is slow as well.
    DATABASE_POOL_LEAK_MS: '600',
    DATABASE_DEADLINE_MS: '60000',
  });
  try {
    const lock = await lockOrganizations(database.url);
    const holders = Array.from({ length: 12 }, () => service.get(QUESTION));
    try {
      await lock.waitForWaiting(12);
      const ask = () => service.get(QUESTION);
      for (const message of [
        'A connection is held for long and may have been forgotten',
        'Connection pool near capacity',
        'Connection pool under pressure',
      ]) {
        await waitForLine(service, [message], ask);
      }
      await service.get('/readyz');
    } finally {
      await lock.release();
      await Promise.all(holders);
    }
    await waitForLine(service, ['More statements were slow'], () => service.get('/livez'));
    return service.readLog();
  } finally {
    await service.close();
  }
}

/** What a worker writes whose handler always fails, and whose database does at last. */
export async function sufferFailingEvents(): Promise<Log> {
  await using database = await openTestDatabase();
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'info',
    format: 'json',
    service: 'holdfast-worker',
    stream: new Writable({
      write(line, _encoding, done) {
        lines.push(JSON.parse(String(line)));
        done();
      },
    }),
  });
  const stop = new AbortController();
  const waitFor = async (message: string) => {
    while (!lines.some((line) => line.message === message)) await setImmediate();
  };
  await withDataSource(database.url, async (dataSource) => {
    await appendEvents(dataSource.manager, {
      aggregateType: 'account',
      aggregateId: newId(),
      expectedVersion: 0,
      events: [{ eventType: 'account.opened', payload: {} }],
    });
    const working = runEventWorker(dataSource, {
      handlers: { 'account.opened': () => Promise.reject(new Error('The receiver is down')) },
      backoff: exponential({ baseDelayMs: 1, maxDelayMs: 1 }),
      pollMs: 1,
      signal: stop.signal,
      logger,
    });
    await waitFor('An event was given up on');
    await dataSource.query('alter table events rename to events_of_tomorrow');
    await waitFor('A batch of events could not be handled');
    stop.abort();
    await working;
  });
  return lines;
}

/** What a service writes whose schema is not the one that its code was written for. */
export async function sufferWrongSchema(): Promise<Log> {
  await using database = await openTestDatabase();
  await withDataSource(database.url, (dataSource) =>
    dataSource.query('alter table organizations rename to organizations_of_tomorrow'),
  );
  const service = await openService(database.url);
  try {
    await service.get(QUESTION);
    return service.readLog();
  } finally {
    await service.close();
  }
}
