import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  openProxy,
  openTemporaryServer,
  openTestDatabase,
  type PostgresProxy,
  type TemporaryServer,
  type TestDatabase,
} from '@holdfast/local-postgres';
import { readTerms } from './test/alert-rule';
import { migrate } from './test/migrate';
import {
  type Log,
  OUTAGE_BEGINS,
  QUESTION,
  sufferFailingEvents,
  sufferLock,
  sufferOutage,
  sufferWrongSchema,
  withDataSource,
} from './test/suffering';
import { lockOrganizations } from './test/table-lock';
import { openService, type TestService } from './test/test-service';

const read = (file: string) => readFileSync(join(__dirname, '../../../monitoring', file), 'utf8');
const manual = read('README.md');
const rules = read('alerts.yaml');

/** Told after half a minute of calm. That the sources write these lines is tested in packages/observability. */
const TOLD_LATER = ['Connection pool no longer near capacity', 'Connection pool no longer under pressure'];

/** A line that the manual quotes, and the fields that it names in brackets behind it. */
interface QuotedLine {
  readonly message: string;
  readonly fields: readonly string[];
}

function listQuotedLines(text: string): readonly QuotedLine[] {
  return [...text.matchAll(/`([A-Z][a-z]* [^`]+)`(?:\s\(([^)]*)\))?/g)].map(
    ([, message = '', brackets = '']) => ({
      message: message.replaceAll(/\s+/g, ' '),
      // Behind a colon stands the value of a field.
      fields: [...brackets.matchAll(/(?<!: )`([a-zA-Z]+)`/g)].map(([, field = '']) => field),
    }),
  );
}

function readSection(alert: string): string {
  const [, section = ''] = manual.split(`### ${alert}\n`);
  return section.split(/^#{2,3} /m)[0] ?? '';
}

/** Quoted lines that a log does not have, or has only without a field. */
function findMissing(quoted: readonly QuotedLine[], log: Log): readonly string[] {
  const isThere = ({ message, fields }: QuotedLine) =>
    log.some((line) => line.message === message && fields.every((field) => field in line));
  return [...new Set(quoted.filter((line) => !isThere(line)).map(({ message }) => message))].toSorted();
}

describe('the lines that the manual quotes', () => {
  let outage: Log;
  let log: Log;
  beforeAll(async () => {
    outage = await sufferOutage();
    log = [
      ...outage,
      ...(await sufferLock()),
      ...(await sufferWrongSchema()),
      ...(await sufferFailingEvents()),
    ];
  }, 150_000);

  it('are written by a service or a worker that suffers it, with the fields that are named', () => {
    const quoted = listQuotedLines(manual);
    expect(quoted.length).toBeGreaterThan(20);
    expect(findMissing(quoted, log).filter((line) => !OUTAGE_BEGINS.includes(line))).toEqual(TOLD_LATER);
  });

  it('tell of an outage, all that are named for it', () => {
    const missing = findMissing(listQuotedLines(readSection('DatabaseDown')), outage);
    // Of the two that begin it, the first that is noticed.
    expect(OUTAGE_BEGINS).toEqual(expect.arrayContaining([...missing]));
    expect(missing.length).toBeLessThan(OUTAGE_BEGINS.length);
  });

  it('would be missed under another name, and without a field', () => {
    const quoted = listQuotedLines(readSection('TransactionsRepeated'));
    expect(findMissing(quoted, log)).toEqual([]);
    const gaveUp = (line: Log[number]) => line.message === 'Gave up retrying';
    const renamed = log.map((line) => (gaveUp(line) ? { ...line, message: 'Gave up' } : line));
    expect(findMissing(quoted, renamed)).toEqual(['Gave up retrying']);
    const without = log.map(({ reason: _reason, ...line }) => line);
    expect(findMissing(quoted, without)).toEqual(['Gave up retrying']);
  });
});

describe('DatabaseDown', () => {
  const terms = readTerms(rules, 'DatabaseDown');
  const success = terms.at(-1);
  let server: TemporaryServer;
  let proxy: PostgresProxy;
  let service: TestService;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await migrate(server.url);
    proxy = await openProxy({ port: server.port });
    service = await openService(proxy.urlThrough(server.url), {
      DATABASE_POOL_ACQUIRE_MS: '500',
      DATABASE_POOL_CREATE_MS: '60000',
      DATABASE_POOL_MIN: '1',
      DATABASE_DEADLINE_MS: '700',
    });
  });
  afterAll(async () => {
    await service?.close();
    await proxy?.close();
    await server?.stop();
  });

  /** What the rule counts while two probes are answered, or not. A first one makes the series that there may be. */
  async function count(): Promise<{ readonly failures: number; readonly successes: number }> {
    const scrape = async () => String((await service.get('/metrics')).body);
    const probe = async () => [await service.get('/readyz'), await service.get(QUESTION)];
    await probe();
    await probe();
    const before = await scrape();
    await probe();
    await probe();
    const after = await scrape();
    const [failures = 0, successes = 0] = [terms.slice(0, -1), terms.slice(-1)].map((some) =>
      some.reduce((sum, term) => sum + term.readIncrease(before, after), 0),
    );
    return { failures, successes };
  }

  it('counts failures of three kinds, unless a statement has succeeded', () => {
    expect(terms).toHaveLength(4);
    expect(success?.metric).toBe('db_client_operation_duration_seconds_count');
    expect(rules.split('- alert: DatabaseDown')[1]?.split('- alert')[0]).toMatch(/\bunless sum by/);
  });

  it('does not fire while the database answers', async () => {
    const { failures, successes } = await count();
    expect(failures).toBe(0);
    expect(successes).toBeGreaterThan(0);
  });

  it('fires while a network swallows packets, before an attempt to connect has failed', async () => {
    proxy.freeze();
    try {
      const { failures, successes } = await count();
      expect(failures).toBeGreaterThan(0);
      expect(successes).toBe(0);
      const text = String((await service.get('/metrics')).body);
      expect(text).not.toMatch(/^holdfast_db_connection_failures_total\{.*\} [1-9]/m);
    } finally {
      proxy.thaw();
    }
    while ((await service.get('/readyz')).status !== 200);
    expect((await count()).successes).toBeGreaterThan(0);
  });

  it('fires while the server is down', async () => {
    await server.halt('immediate');
    try {
      const { failures, successes } = await count();
      expect(failures).toBeGreaterThan(0);
      expect(successes).toBe(0);
    } finally {
      await server.resume();
    }
  });
});

describe('the statements that the manual shows', () => {
  const statements = [...manual.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, text = '']) => text);
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database?.drop());

  it.each(statements)('can be run: %s', async (statement) => {
    await withDataSource(database.url, async (dataSource) => {
      expect(await dataSource.query(statement)).toBeInstanceOf(Array);
    });
  });

  it('are all that there are, and a misspelt one fails', async () => {
    expect(statements.length).toBeGreaterThanOrEqual(8);
    await withDataSource(database.url, async (dataSource) => {
      const misspelt = String(statements[0]).replace('pg_blocking_pids', 'pg_blocked_pids');
      await expect(dataSource.query(misspelt)).rejects.toThrow('pg_blocked_pids');
    });
  });

  it('show who blocks whom, the blocker first', async () => {
    const service = await openService(database.url);
    try {
      const lock = await lockOrganizations(database.url);
      const waiting = service.get(QUESTION);
      try {
        await lock.waitForWaiting(1);
        const rows = await withDataSource(database.url, (source) => source.query(String(statements[0])));
        expect(rows).toMatchObject([
          { blocked_by: [], state: 'idle in transaction' },
          { blocked_by: [rows[0].pid], state: 'active' },
        ]);
      } finally {
        await lock.release();
      }
      expect((await waiting).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});
