import { type FakeClock, fakeClock } from '../clock/fake-clock';
import type { StructuredLogger } from '../observe/structured-logger';
import { recordLines } from '../test/breaker-calls';
import { caught } from '../test/pipeline-outcome';
import { alwaysFailing, countCalls, failingWith, recordRetryEvents, refused } from '../test/retry-operations';
import { retry } from './retry';
import { RetryReporter } from './retry-events';

const shape = { maxAttempts: 3, baseDelayMs: 10, jitter: false } as const;
const context = { operation: 'placeOrder', requestId: 'r-1' };
const progress = { maxAttempts: 3, context };

const secretive = () =>
  Object.assign(new Error('secret of a customer'), {
    code: 'ECONNREFUSED',
    detail: 'Key (email)=(a@b.c) already exists.',
    parameters: ['a@b.c'],
  });

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});

describe('the events of a retry', () => {
  it('tell of the attempt alone when the first one succeeds', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    await policy.execute(() => 'done', { context });
    expect(events).toEqual([{ name: 'attempt', attempt: 1, context }]);
  });

  it('tell each attempt, each retry with its error and wait, and the success after them', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    const errors = [refused(), refused()];
    await clock.runUntilSettled(policy.execute(failingWith(...errors).operation, { context }));
    expect(events).toEqual([
      { name: 'attempt', attempt: 1, context },
      { name: 'retry', ...progress, attempt: 1, delayMs: 10, totalDelayMs: 0, error: errors[0] },
      { name: 'attempt', attempt: 2, context },
      { name: 'retry', ...progress, attempt: 2, delayMs: 20, totalDelayMs: 10, error: errors[1] },
      { name: 'attempt', attempt: 3, context },
      { name: 'successAfterRetry', ...progress, attempt: 3, delayMs: 20, totalDelayMs: 30 },
    ]);
    const [, told] = events;
    expect(told).toHaveProperty('error', errors[0]);
  });

  it('tell the end of the attempts with the last error', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation, { context })));
    expect(events.at(-1)).toEqual({
      name: 'giveUp',
      ...progress,
      attempt: 3,
      delayMs: 20,
      totalDelayMs: 30,
      error: refused(),
      reason: 'exhausted',
    });
    expect(events.filter(({ name }) => name === 'retry')).toHaveLength(2);
  });

  it('tell of a later failure that is not retryable, and keep quiet about a first one', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    const bug = new Error('a bug');
    await caught(clock.runUntilSettled(policy.execute(failingWith(bug).operation, { context })));
    expect(events.map(({ name }) => name)).toEqual(['attempt']);
    await caught(clock.runUntilSettled(policy.execute(failingWith(refused(), bug).operation, { context })));
    expect(events.at(-1)).toMatchObject({
      name: 'giveUp',
      attempt: 2,
      delayMs: 10,
      totalDelayMs: 10,
      error: bug,
      reason: 'not-retryable',
    });
  });

  it('tell of an abort during a wait with the time really waited', async () => {
    const policy = retry({ ...shape, clock });
    const events = recordRetryEvents(policy);
    const controller = new AbortController();
    const call = caught(policy.execute(alwaysFailing().operation, { context, signal: controller.signal }));
    await clock.advance(14);
    controller.abort();
    await call;
    expect(events.at(-1)).toMatchObject({
      name: 'giveUp',
      attempt: 2,
      delayMs: 20,
      totalDelayMs: 14,
      reason: 'aborted',
    });
  });

  it.each([1, 3])(
    'tell of an abort during run %p at its failure, and of no retry after it',
    async (lastRun) => {
      const policy = retry({ ...shape, clock });
      const events = recordRetryEvents(policy);
      const controller = new AbortController();
      const subject = countCalls((call) => {
        if (call === lastRun) controller.abort('left');
        throw refused();
      });
      const call = policy.execute(subject.operation, { context, signal: controller.signal });
      expect(await caught(clock.runUntilSettled(call))).toBe('left');
      expect(events.filter(({ name }) => name === 'retry')).toHaveLength(lastRun - 1);
      expect(events.at(-1)).toMatchObject({
        name: 'giveUp',
        attempt: lastRun,
        error: refused(),
        reason: 'aborted',
      });
    },
  );

  it('are told to a listener until it leaves, and to the others thereafter', async () => {
    const policy = retry({ ...shape, clock });
    const left: number[] = [];
    const stayed: number[] = [];
    const leave = policy.on('attempt', ({ attempt }) => left.push(attempt));
    policy.on('attempt', ({ attempt }) => stayed.push(attempt));
    await policy.execute(() => 'done');
    leave();
    leave();
    await policy.execute(() => 'done');
    expect({ left, stayed }).toEqual({ left: [1], stayed: [1, 1] });
  });

  it('cannot change an outcome by a listener that throws', async () => {
    const policy = retry({ ...shape, clock });
    for (const name of ['attempt', 'retry', 'giveUp', 'successAfterRetry'] as const) {
      policy.on(name, () => {
        throw new Error('a broken listener');
      });
    }
    const events = recordRetryEvents(policy);
    await expect(clock.runUntilSettled(policy.execute(failingWith(refused()).operation))).resolves.toBe(
      'done',
    );
    const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 3 });
    expect(events.map(({ name }) => name)).toEqual([
      ...['attempt', 'retry', 'attempt', 'successAfterRetry'],
      ...['attempt', 'retry', 'attempt', 'retry', 'attempt', 'giveUp'],
    ]);
  });

  it.each(['attempts', 'give-up', '', 'constructor'])('are refused by the name %p', (name) => {
    const policy = retry({ clock });
    expect(() => policy.on(name as 'attempt', () => {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        option: 'event',
        value: name,
        allowed: 'one of attempt, retry, giveUp, successAfterRetry',
      }),
    );
  });

  it('are not even made when nobody listens', () => {
    let readings = 0;
    const standing = {
      readProgress: () => {
        readings += 1;
        return { attempt: 1, maxAttempts: 2, delayMs: 0, totalDelayMs: 0 };
      },
    };
    const tellAll = (reporter: RetryReporter): void => {
      reporter.retry(standing, refused(), undefined);
      reporter.giveUp(standing, refused(), 'exhausted', undefined);
      reporter.successAfterRetry(standing, undefined);
    };
    tellAll(new RetryReporter(undefined));
    expect(readings).toBe(0);

    tellAll(new RetryReporter(recordLines().logger));
    expect(readings).toBe(3);

    const heard = new RetryReporter(undefined);
    heard.emitter.on('giveUp', () => {});
    tellAll(heard);
    expect(readings).toBe(4);
  });
});

describe('the lines of a retry', () => {
  const who = { operation: 'placeOrder', requestId: 'r-1', maxAttempts: 3 };

  async function linesOf(failures: number, caller: object = context) {
    const { logger, lines } = recordLines();
    const errors = Array.from({ length: failures }, secretive);
    const call = retry({ ...shape, clock, logger }).execute(failingWith(...errors).operation, {
      context: caller,
    });
    await clock.runUntilSettled(call).catch(() => {});
    return lines;
  }

  it('say nothing about a first success', async () => {
    expect(await linesOf(0)).toEqual([]);
  });

  it('tell each retry and the success after it, with attempt, delays, code and the caller', async () => {
    expect(await linesOf(2)).toEqual([
      {
        level: 'warn',
        message: 'Retrying after a failure',
        fields: { ...who, attempt: 1, delayMs: 10, totalDelayMs: 0, code: 'ECONNREFUSED' },
      },
      {
        level: 'warn',
        message: 'Retrying after a failure',
        fields: { ...who, attempt: 2, delayMs: 20, totalDelayMs: 10, code: 'ECONNREFUSED' },
      },
      {
        level: 'info',
        message: 'Succeeded after retrying',
        fields: { ...who, attempt: 3, delayMs: 20, totalDelayMs: 30 },
      },
    ]);
  });

  it('tell giving up with its reason', async () => {
    expect((await linesOf(9)).at(-1)).toEqual({
      level: 'error',
      message: 'Gave up retrying',
      fields: {
        ...who,
        attempt: 3,
        delayMs: 20,
        totalDelayMs: 30,
        code: 'ECONNREFUSED',
        reason: 'exhausted',
      },
    });
  });

  it('take an abort for information: the caller has left, and nothing is wrong', async () => {
    const { logger, lines } = recordLines();
    const controller = new AbortController();
    const policy = retry({ ...shape, clock, logger });
    const call = caught(policy.execute(alwaysFailing().operation, { signal: controller.signal }));
    await clock.advance(5);
    controller.abort();
    await call;
    expect(lines.at(-1)).toMatchObject({
      level: 'info',
      message: 'Gave up retrying',
      fields: { reason: 'aborted', totalDelayMs: 5 },
    });
  });

  it('carry neither messages, details, parameters nor fields that are not on the list', async () => {
    const text = JSON.stringify(
      await linesOf(9, { operation: 'x', password: 'hunter2', body: { email: 'a@b.c' } }),
    );
    expect(text).toContain('ECONNREFUSED');
    for (const secret of ['secret', 'a@b.c', 'hunter2']) expect(text).not.toContain(secret);
  });

  it.each<[string, object]>([
    ['a number', { value: 42 }],
    ['nothing', { value: undefined }],
    [
      'a getter that throws',
      {
        get: () => {
          throw new Error('a trap');
        },
      },
    ],
  ])('are written for an error whose name is %s', async (_, name) => {
    const { logger, lines } = recordLines();
    const nameless = Object.defineProperty(new Error('nameless'), 'name', name);
    const policy = retry({ ...shape, clock, logger, retryableErrors: () => true });
    await clock.runUntilSettled(policy.execute(failingWith(nameless).operation));
    expect(lines.map(({ fields }) => fields.code)).toEqual(['object', undefined]);
  });

  it('cannot turn a success into a failure when the logger throws', async () => {
    const broken = () => {
      throw new Error('disk full');
    };
    const logger: StructuredLogger = { debug: broken, info: broken, warn: broken, error: broken };
    const subject = countCalls((call) => (call === 1 ? Promise.reject(secretive()) : 'done'));
    const policy = retry({ ...shape, clock, logger });
    await expect(clock.runUntilSettled(policy.execute(subject.operation))).resolves.toBe('done');
    const error = await caught(clock.runUntilSettled(policy.execute(alwaysFailing().operation)));
    expect(error).toMatchObject({ code: 'RETRY_EXHAUSTED' });
  });
});
