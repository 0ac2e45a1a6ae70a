import type { DatabaseEventSource } from '@holdfast/observability';
import { CircuitOpenError, circuitBreaker, fakeClock } from '@holdfast/resilience';
import { recordCircuit } from './circuit-history';
import { createPartReader } from './part';
import { PoolHistory } from './pool-history';
import { StatementStatisticsRecorder } from './statement-statistics';

describe('PoolHistory', () => {
  it('holds ten minutes and no more, oldest first', () => {
    let nowMs = 0;
    const history = new PoolHistory(
      () => ({ used: nowMs / 2_000, free: 0, waiting: 0, max: 10 }),
      () => nowMs,
    );
    for (; nowMs <= 3_000_000; nowMs += 2_000) history.sample();
    nowMs -= 2_000;
    const samples = history.list();
    expect(samples).toHaveLength(300);
    expect(samples.at(-1)?.atMs).toBe(3_000_000);
    expect(samples[0]?.atMs).toBe(3_000_000 - 299 * 2_000);
    nowMs += 10_000_000;
    expect(history.list()).toEqual([]);
  });

  it('passes over a pool that cannot be read', () => {
    const history = new PoolHistory(() => {
      throw new Error('closed');
    });
    history.sample();
    expect(history.list()).toEqual([]);
  });
});

describe('recordCircuit', () => {
  it('remembers the latest fifty changes, and counts what was refused', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock });
    const read = recordCircuit(breaker, () => 0);
    for (let change = 0; change < 40; change++) {
      breaker.isolate();
      breaker.reset();
    }
    breaker.isolate();
    await expect(breaker.execute(async () => 1)).rejects.toBeInstanceOf(CircuitOpenError);
    const { state, refused, changes } = read();
    expect({ state, refused, kept: changes.length }).toEqual({ state: 'isolated', refused: 1, kept: 50 });
    expect(changes[0]).toMatchObject({ from: 'closed', to: 'isolated', at: '1970-01-01T00:00:00.000Z' });
  });
});

describe('createPartReader', () => {
  it('reads once for all who ask at the same time, and again when it is old', async () => {
    let nowMs = 0;
    let reads = 0;
    const read = createPartReader(
      async () => ++reads,
      { freshMs: 100, retryMs: 10 },
      () => nowMs,
    );
    expect(await Promise.all([read(), read()])).toMatchObject([{ value: 1 }, { value: 1 }]);
    nowMs = 99;
    expect(await read()).toMatchObject({ value: 1 });
    nowMs = 100;
    expect(await read()).toMatchObject({ value: 2 });
  });

  it('says in one line why it could not read, and soon tries again', async () => {
    let nowMs = 0;
    let isBroken = true;
    const read = createPartReader(
      async () => {
        if (isBroken) throw new Error('no\n   answer');
        return 1;
      },
      { freshMs: 100, retryMs: 10 },
      () => nowMs,
    );
    expect(await read()).toMatchObject({ state: 'unknown', reason: 'no answer' });
    isBroken = false;
    nowMs = 9;
    expect(await read()).toMatchObject({ state: 'unknown' });
    nowMs = 10;
    expect(await read()).toMatchObject({ state: 'known', value: 1 });
  });
});

describe('StatementStatisticsRecorder', () => {
  type Listener = Parameters<DatabaseEventSource['on']>[1];

  function open() {
    const recorder = new StatementStatisticsRecorder();
    let listener: Listener = () => undefined;
    const source = {
      on(_name: string, given: Listener) {
        listener = given;
        return () => undefined;
      },
    } as unknown as DatabaseEventSource;
    recorder.follow(source);
    const run = (text: string, durationMs: number, error?: unknown) =>
      listener({
        pool: 'primary',
        text,
        operation: 'SELECT',
        startedAtMs: 0,
        durationMs,
        waitMs: 0,
        error,
      } as never);
    return { recorder, run };
  }

  it('counts runs of one text, with worst and 95th percentile', () => {
    const { recorder, run } = open();
    for (let ms = 1; ms <= 100; ms++) run('select $1', ms);
    run('select $1', 5, new Error('no'));
    expect(recorder.listSlowest(1)).toMatchObject([{ count: 101, failed: 1, worstMs: 100, p95Ms: 95 }]);
  });

  it('takes statements that differ in values alone for one, and shows none of the values', () => {
    const { recorder, run } = open();
    run(`select 'secret', 1`, 1);
    run(`select 'other', 2`, 1);
    expect(recorder.listSlowest(9)).toMatchObject([{ text: 'select ?, ?', count: 2 }]);
  });

  it('keeps 200 statements, the slowest of them always', () => {
    const { recorder, run } = open();
    run('select $1 as slow', 1_000);
    for (let at = 0; at < 1_000; at++) run(`select $1 as c${at}`, 1 + (at % 7));
    const all = recorder.listSlowest(10_000);
    expect(all).toHaveLength(200);
    expect(all[0]?.text).toBe('select $1 as slow');
  });
});
