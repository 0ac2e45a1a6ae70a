import { setTimeout } from 'node:timers/promises';
import { readRequestContext, runWithRequestContext } from '../request-context';
import { createDatabaseError, ScriptedDatabase } from '../test/database-source';
import type { LogFields } from './logger';
import { logSlowQueries, type SlowQueriesOptions } from './slow-queries';

/** A database whose slow statements become lines. */
function openLog(options?: SlowQueriesOptions) {
  const lines: { message: string; requestId: string | undefined; fields: LogFields | undefined }[] = [];
  const database = new ScriptedDatabase();
  const warn = (message: string, fields?: LogFields) => {
    lines.push({ message, requestId: readRequestContext()?.requestId, fields });
  };
  return { database, lines, leave: logSlowQueries(database, { warn }, options) };
}

describe('logSlowQueries', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('writes one line for a statement that ran for long', () => {
    const { database, lines } = openLog();
    database.runStatement({ durationMs: 499 });
    expect(lines).toEqual([]);
    database.runStatement({ durationMs: 500.04 });
    expect(lines).toEqual([
      {
        message: 'Slow statement',
        fields: {
          pool: 'primary',
          operation: 'SELECT',
          waitMs: 0,
          durationMs: 500,
          statement: 'SELECT * FROM users WHERE id = $1',
        },
      },
    ]);
  });

  it('names the request that the statement was sent for', () => {
    const { database, lines } = openLog();
    database.runStatement({ durationMs: 600, requestId: 'r-1' });
    expect(lines).toMatchObject([{ fields: { requestId: 'r-1' } }]);
  });

  it('counts the wait for the connection, and tells both parts', () => {
    const { database, lines } = openLog();
    database.runStatement({ waitMs: 303, durationMs: 197 });
    expect(lines).toMatchObject([{ fields: { waitMs: 303, durationMs: 197 } }]);
  });

  it('writes at the threshold it was given', () => {
    const { database, lines } = openLog({ thresholdMs: 20 });
    database.runStatement({ durationMs: 19.9 });
    database.runStatement({ durationMs: 20 });
    expect(lines).toHaveLength(1);
  });

  it('writes the code of an error and no value of a row', () => {
    const { database, lines } = openLog();
    const text = "INSERT INTO users VALUES ('ada@example.org')";
    database.runStatement({ text, durationMs: 600, error: createDatabaseError() });
    expect(lines).toMatchObject([
      { fields: { errorCode: '23505', statement: 'INSERT INTO users VALUES (?)' } },
    ]);
    expect(JSON.stringify(lines)).not.toContain('ada');
  });

  it('cuts a statement to 1,000 characters', () => {
    const { database, lines } = openLog();
    database.runStatement({ text: `SELECT ${'a, '.repeat(2_000)}`, durationMs: 600 });
    expect(String(lines[0]?.fields?.statement)).toHaveLength(1_000);
  });

  it('counts what is beyond the lines of one second in a single line', () => {
    const { database, lines } = openLog();
    for (let count = 1; count <= 25; count += 1) database.runStatement({ durationMs: 600 + count });
    expect(lines.map(({ message }) => message)).toEqual(Array(10).fill('Slow statement'));
    jest.advanceTimersByTime(1_000);
    expect(lines.slice(10)).toEqual([
      { message: 'More statements were slow', fields: { count: 15, slowestMs: 625, thresholdMs: 500 } },
    ]);
    database.runStatement({ durationMs: 600 });
    expect(lines).toHaveLength(12);
  });

  it('writes no count when every slow statement had its line', () => {
    const { database, lines } = openLog({ maxLinesPerSecond: 1 });
    database.runStatement({ durationMs: 600 });
    jest.advanceTimersByTime(5_000);
    expect(lines).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends, and tells what it had counted', () => {
    const { database, lines, leave } = openLog({ maxLinesPerSecond: 1 });
    database.runStatement({ durationMs: 600 });
    database.runStatement({ durationMs: 600 });
    leave();
    expect(lines).toMatchObject([{}, { fields: { count: 1 } }]);
    database.runStatement({ durationMs: 600 });
    expect(lines).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    [{ thresholdMs: -1 }, 'thresholdMs must be a finite number of at least 0, but is -1'],
    [{ thresholdMs: Number.NaN }, 'thresholdMs must be a finite number of at least 0, but is NaN'],
    [{ maxLinesPerSecond: 0 }, 'maxLinesPerSecond must be a finite number of at least 1, but is 0'],
  ])('refuses %j', (options, message) => {
    expect(() => openLog(options)).toThrow(
      expect.objectContaining({ name: 'InvalidOptionError', code: 'INVALID_OPTION', message }),
    );
  });
});

describe('the timer of logSlowQueries', () => {
  it('names no request in the count, though a request started it', async () => {
    const { database, lines } = openLog({ maxLinesPerSecond: 1 });
    runWithRequestContext({ requestId: 'r-1' }, () => {
      database.runStatement({ durationMs: 600 });
      database.runStatement({ durationMs: 600 });
    });
    while (lines.length < 2) await setTimeout(20);
    expect(lines.map(({ requestId }) => requestId)).toEqual(['r-1', undefined]);
  });

  it('does not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().length;
    const { database, leave } = openLog();
    database.runStatement({ durationMs: 600 });
    expect(process.getActiveResourcesInfo()).toHaveLength(before);
    leave();
  });
});
