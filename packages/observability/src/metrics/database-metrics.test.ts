import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabaseError, ScriptedDatabase } from '../test/database-source';
import { renderExercisedScrape } from '../test/exercised-scrape';
import { createMetrics } from './create-metrics';

const pool = 'primary';
const PRIMARY = 'db_client_connection_pool_name="primary"';

function openMetrics() {
  const database = new ScriptedDatabase();
  const metrics = createMetrics({
    readPool: () => ({ used: 0, free: 0, waiting: 0, min: 1, max: 10 }),
    database,
  });
  /** Reads the value of one series. */
  const read = async (series: string) => {
    const line = (await metrics.render()).split('\n').find((candidate) => candidate.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  };
  return { database, metrics, read };
}

describe('metrics of a database', () => {
  it.each([
    ['connect', { createMs: 20 }, 'db_client_connection_create_time_seconds'],
    ['acquire', { waitMs: 20 }, 'db_client_connection_wait_time_seconds'],
    ['release', { useMs: 20 }, 'db_client_connection_use_time_seconds'],
  ])('measure the time of %s in seconds', async (name, event, metric) => {
    const { database, read } = openMetrics();
    database.tell(name, { pool, ...event });
    expect(await read(`${metric}_bucket{le="0.01",${PRIMARY}}`)).toBe(0);
    expect(await read(`${metric}_bucket{le="0.05",${PRIMARY}}`)).toBe(1);
    expect(await read(`${metric}_sum{${PRIMARY}}`)).toBe(0.02);
  });

  it('measure statements by operation and by class of error', async () => {
    const { database, read } = openMetrics();
    database.runStatement();
    database.runStatement({ error: createDatabaseError('40001') });
    const series = (error: string) =>
      `db_client_operation_duration_seconds_count{${PRIMARY},db_system_name="postgresql",db_operation_name="SELECT",error_type="${error}"}`;
    expect(await read(series(''))).toBe(1);
    expect(await read(series('40001'))).toBe(1);
  });

  it('make no series of what a statement begins with or an error says', async () => {
    const { database, metrics } = openMetrics();
    for (let count = 0; count < 50; count += 1) {
      const error = Object.assign(new Error(`ada-${count}@example.org`), { code: `ada-${count}` });
      database.runStatement({ text: `ada${count}`, operation: `ADA${count}`, error });
      database.tell('connectFailed', { pool, error });
    }
    const text = await metrics.render();
    expect(text).not.toMatch(/ada/i);
    expect(text).toContain('db_operation_name="OTHER",error_type="_OTHER"} 50');
  });

  it('count as timeouts only callers whose time was over', async () => {
    const { database, read } = openMetrics();
    for (const code of ['POOL_EXHAUSTED', 'CONNECT_TIMEOUT', 'POOL_CLOSED', 'ECONNREFUSED']) {
      database.tell('acquireFailed', { pool, error: createDatabaseError(code) });
    }
    expect(await read(`db_client_connection_timeouts_total{${PRIMARY}}`)).toBe(2);
    expect(
      await read(`holdfast_db_connection_acquire_failures_total{${PRIMARY},error_type="POOL_CLOSED"}`),
    ).toBe(1);
  });

  it('count failures to connect, removals and leaks', async () => {
    const { database, read } = openMetrics();
    database.tell('connectFailed', { pool, error: createDatabaseError('ECONNREFUSED') });
    database.tell('remove', { pool, reason: 'lost', ageMs: 5 });
    database.tell('leak', { pool, heldMs: 60_000, site: 'at work.ts:1' });
    expect(await read(`holdfast_db_connection_failures_total{${PRIMARY},error_type="ECONNREFUSED"}`)).toBe(1);
    expect(await read(`holdfast_db_connection_removals_total{${PRIMARY},reason="lost"}`)).toBe(1);
    expect(await read(`holdfast_db_connection_leaks_total{${PRIMARY}}`)).toBe(1);
  });

  it('count units of work by outcome, their attempts and how a lost outcome was found', async () => {
    const { database, read } = openMetrics();
    database.runTransaction({ attempts: 3 });
    database.runTransaction({ outcome: 'committed', resolvedBy: 'witness' });
    database.runTransaction({ outcome: 'unknown', durationMs: 30_000 });
    const metric = 'holdfast_db_transaction_duration_seconds';
    expect(await read(`${metric}_count{${PRIMARY},outcome="committed"}`)).toBe(2);
    expect(await read(`${metric}_count{${PRIMARY},outcome="unknown"}`)).toBe(1);
    expect(await read(`${metric}_bucket{le="30",${PRIMARY},outcome="unknown"}`)).toBe(1);
    expect(await read(`holdfast_db_transaction_attempts_total{${PRIMARY}}`)).toBe(5);
    expect(await read(`holdfast_db_transactions_resolved_total{${PRIMARY},resolved_by="witness"}`)).toBe(1);
  });

  it('begin at 0, so that the first time is an increase', async () => {
    const { database, read } = openMetrics();
    const unknown = `holdfast_db_transaction_duration_seconds_count{${PRIMARY},outcome="unknown"}`;
    expect(await read(unknown)).toBe(0);
    expect(await read(`holdfast_db_connection_leaks_total{${PRIMARY}}`)).toBe(0);
    expect(await read(`db_client_connection_timeouts_total{${PRIMARY}}`)).toBe(0);
    expect(await read(`holdfast_db_connection_failures_total{${PRIMARY},error_type="_OTHER"}`)).toBe(0);
    database.runTransaction({ outcome: 'unknown' });
    expect(await read(unknown)).toBe(1);
  });

  it('keep what was counted before the first scrape', async () => {
    const { database, read } = openMetrics();
    database.runTransaction({ outcome: 'unknown' });
    database.tell('connect', { pool, createMs: 20 });
    expect(await read(`holdfast_db_transaction_duration_seconds_count{${PRIMARY},outcome="unknown"}`)).toBe(
      1,
    );
    expect(await read(`db_client_connection_create_time_seconds_count{${PRIMARY}}`)).toBe(1);
  });

  it('keep pools apart', async () => {
    const { database, read } = openMetrics();
    database.tell('leak', { pool: 'replica-1' });
    expect(await read('holdfast_db_connection_leaks_total{db_client_connection_pool_name="replica-1"}')).toBe(
      1,
    );
    expect(await read(`holdfast_db_connection_leaks_total{${PRIMARY}}`)).toBe(0);
  });

  it('are all in the README, with their types', async () => {
    const manual = await readFile(join(__dirname, '../../README.md'), 'utf8');
    const documented = [...manual.matchAll(/^\| `(\w+)` +\| (gauge|counter|histogram) /gm)];
    const told = [...(await renderExercisedScrape()).matchAll(/^# TYPE ((?:db|holdfast|http)_\w+) (\w+)/gm)];
    const list = (matches: RegExpExecArray[]) => matches.map(([, name, type]) => `${name} ${type}`).sort();
    expect(list(told).length).toBeGreaterThan(10);
    expect(list(documented)).toEqual(list(told));
  });
});
