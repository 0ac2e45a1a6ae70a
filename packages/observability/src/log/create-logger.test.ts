import { Writable } from 'node:stream';
import { runWithRequestContext } from '../request-context';
import { createLogger, type LoggerOptions } from './create-logger';

/** A logger and the lines it wrote. */
function openLog(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ level: 'info', format: 'json', service: 'test', stream, ...options });
  return { logger, lines, read: () => lines.map((line) => JSON.parse(line)) };
}

/** An error as a database client makes it, with the values of a row in its fields. */
function createDatabaseError(): Error {
  return Object.assign(new Error('duplicate key value'), {
    name: 'QueryFailedError',
    code: '23505',
    detail: 'Key (email)=(ada@example.org) already exists.',
    query: 'insert into users values ($1)',
    parameters: ['ada@example.org'],
  });
}

describe('createLogger', () => {
  it('writes one JSON object a line, with its own names first', () => {
    const { logger, lines, read } = openLog();
    logger.info('started', { port: 3000 });
    expect(lines).toEqual([expect.stringMatching(/^\{.*\}\n$/)]);
    expect(read()).toEqual([
      { timestamp: expect.any(String), level: 'info', message: 'started', service: 'test', port: 3000 },
    ]);
  });

  it('lets no field replace its own names', () => {
    const { logger, read } = openLog();
    runWithRequestContext({ requestId: 'r-1' }, () =>
      logger.info('true', { level: 'error', message: 'false', service: 'other', requestId: 'r-2' }),
    );
    expect(read()).toMatchObject([{ level: 'info', message: 'true', service: 'test', requestId: 'r-1' }]);
  });

  it('writes only the lines of its level and above', () => {
    const { logger, read } = openLog({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(read().map(({ message }) => message)).toEqual(['c', 'd']);
  });

  it('adds the id of the running request, also after awaits, and none outside of one', async () => {
    const { logger, read } = openLog();
    await Promise.all(
      ['r-1', 'r-2'].map((requestId) =>
        runWithRequestContext({ requestId }, async () => {
          await new Promise(setImmediate);
          logger.info(`of ${requestId}`);
        }),
      ),
    );
    logger.info('of none');
    expect(read().map(({ message, requestId }) => [message, requestId])).toEqual([
      ['of r-1', 'r-1'],
      ['of r-2', 'r-2'],
      ['of none', undefined],
    ]);
  });

  it.each(['json', 'pretty'] as const)(
    'writes of an error its name, code and message alone (%s)',
    (format) => {
      const { logger, lines } = openLog({ format });
      logger.error('failed', { error: createDatabaseError() });
      const text = lines.join('');
      expect(text).toContain('23505');
      expect(text).toContain('duplicate key value');
      expect(text).not.toMatch(/ada@|insert into|\bat .*:\d+/);
    },
  );

  it('follows causes, by the same rule', () => {
    const { logger, read } = openLog();
    logger.error('failed', { error: new Error('outer', { cause: createDatabaseError() }) });
    expect(read()[0].error).toEqual({
      name: 'Error',
      message: 'outer',
      cause: { name: 'QueryFailedError', code: '23505', message: 'duplicate key value' },
    });
  });

  it('ends a circle of causes', () => {
    const { logger, lines } = openLog();
    const error = new Error('round');
    error.cause = error;
    logger.error('failed', { error });
    expect(lines).toHaveLength(1);
  });

  it('writes the stack at level debug', () => {
    const { logger, read } = openLog({ level: 'debug' });
    logger.error('failed', { error: createDatabaseError() });
    expect(read()[0].error.stack).toContain('create-logger.test');
  });

  it('withholds fields that hold row values or secrets, at any depth', () => {
    const { logger, lines } = openLog();
    logger.info('x', { query: 'select 1', nested: [{ Parameters: [7], 'set-cookie': 's', kept: 'yes' }] });
    expect(lines.join('')).toContain('"nested":[{"kept":"yes"}]');
    expect(lines.join('')).not.toContain('select');
  });

  it('writes only the class name of an instance', () => {
    class Row {
      readonly email = 'ada@example.org';
    }
    const { logger, read } = openLog();
    logger.info('x', { row: new Row(), bytes: Buffer.from('ada') });
    expect(read()[0]).toMatchObject({ row: '[Row]', bytes: '[Buffer]' });
  });

  it('writes what JSON cannot hold', () => {
    const { logger, read } = openLog();
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger.info('x', {
      big: 2n ** 60n,
      none: Number.NaN,
      when: new Date(0),
      never: new Date(Number.NaN),
      circle,
    });
    expect(read()[0]).toMatchObject({
      big: '1152921504606846976',
      none: 'NaN',
      when: '1970-01-01T00:00:00.000Z',
      never: 'Invalid Date',
    });
  });

  it('bounds long texts and lists', () => {
    const { logger, lines } = openLog();
    logger.info('x', { text: 'a'.repeat(100_000), list: Array.from({ length: 100_000 }, () => 1) });
    expect(lines.join('').length).toBeLessThan(5_000);
  });

  it('writes a line for the terminal when asked to', () => {
    const { logger, lines } = openLog({ format: 'pretty' });
    logger.warn('near capacity', { used: 9, note: 'two words' });
    expect(lines.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}near capacity used=9 note="two words"\n$/);
  });
});
