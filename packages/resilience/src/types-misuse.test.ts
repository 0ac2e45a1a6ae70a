import {
  type AdaptiveLimitOptions,
  type Attempt,
  adaptiveLimit,
  aimd,
  type BulkheadOptions,
  bulkhead,
  fallback,
  type HedgeOptions,
  hedge,
  injectFaults,
  type Policy,
  pipeline,
  retry,
  retryBudget,
  retryWithBackoff,
  systemClock,
  type TimeoutOptions,
  timeout,
} from './index';
import { thrownBy } from './test/breaker-calls';
import { caught } from './test/pipeline-outcome';

interface Order {
  readonly id: number;
}
const order: Order = { id: 1 };

// `npm run typecheck` fails as soon as one of these lines compiles. The runs beside it show that callers without types are
// refused as well.

describe('the compiler refuses, and so does the running code,', () => {
  const refused: readonly [string, () => unknown, object][] = [
    [
      'a policy whose call was forgotten',
      () =>
        // @ts-expect-error: a function is not the policy it makes.
        pipeline([retry]),
      { option: 'policies[0]', value: retry },
    ],
    [
      'a budget listed as a policy',
      () =>
        // @ts-expect-error: a budget is an option of retries and hedges.
        pipeline([retry(), retryBudget()]),
      { option: 'policies[1]' },
    ],
    [
      'a plain object as a policy',
      () =>
        // @ts-expect-error: it has no part in the pipeline.
        pipeline([retry(), { clock: systemClock, layers: () => [], execute: () => Promise.reject() }]),
      { option: 'policies[1]' },
    ],
    [
      'policies that are not in a list',
      () =>
        // @ts-expect-error: policies come as one array.
        pipeline(retry(), timeout({ timeoutMs: 50 })),
      { option: 'policies' },
    ],
    [
      'a misspelt option of a retry',
      () =>
        // @ts-expect-error: it is maxAttempts.
        retry({ maxAttemps: 3 }),
      { option: 'retry option', value: 'maxAttemps' },
    ],
    [
      'a misspelt option of a timeout',
      () =>
        // @ts-expect-error: it is timeoutMs.
        timeout({ timeoutMS: 50 }),
      { option: 'timeout option', value: 'timeoutMS' },
    ],
    [
      'a number as a text',
      () =>
        // @ts-expect-error: a number of attempts is a number.
        retry({ maxAttempts: '3' }),
      { option: 'maxAttempts', value: '3' },
    ],
    [
      'null for a number',
      () =>
        // @ts-expect-error: what is left out is undefined.
        bulkhead({ maxConcurrent: null }),
      { option: 'maxConcurrent', value: null },
    ],
    [
      'a backoff as a number',
      () =>
        // @ts-expect-error: it is constant(100).
        retry({ backoff: 100 }),
      { option: 'backoff', value: 100 },
    ],
    [
      'a jitter there is not',
      () =>
        // @ts-expect-error: it is full, equal, decorrelated or none.
        retry({ jitter: 'some' }),
      { option: 'jitter', value: 'some' },
    ],
    [
      'codes that are no texts',
      () =>
        // @ts-expect-error: SQLSTATEs are texts.
        retry({ retryableErrors: [40001] }),
      { option: 'retryableErrors' },
    ],
    [
      'a budget that is none',
      () =>
        // @ts-expect-error: it is retryBudget({ ratio: 0.1 }).
        retry({ budget: { ratio: 0.1 } }),
      { option: 'budget' },
    ],
    [
      'a timeout without its options',
      () =>
        // @ts-expect-error: a timeout has no default.
        timeout(),
      { option: 'timeout options' },
    ],
    [
      'a timeout without its time',
      () =>
        // @ts-expect-error: timeoutMs is missing.
        timeout({ mode: 'abandon' }),
      { option: 'timeoutMs', value: undefined },
    ],
    [
      'a mode there is not',
      () =>
        // @ts-expect-error: it is abandon or cooperate.
        timeout({ timeoutMs: 50, mode: 'cancel' }),
      { option: 'mode', value: 'cancel' },
    ],
    [
      'a bulkhead without its size',
      () =>
        // @ts-expect-error: maxConcurrent is missing.
        bulkhead({}),
      { option: 'maxConcurrent', value: undefined },
    ],
    [
      'a hedge without its delay',
      () =>
        // @ts-expect-error: delayMs is missing.
        hedge({ maxAttempts: 2 }),
      { option: 'delayMs', value: undefined },
    ],
    [
      'an adaptive limit without its rule',
      () =>
        // @ts-expect-error: rule is missing.
        adaptiveLimit({ maxLimit: 10 }),
      { option: 'rule', value: undefined },
    ],
    [
      'a rule whose call was forgotten',
      () =>
        // @ts-expect-error: it is aimd({ maxLatencyMs }).
        adaptiveLimit({ rule: aimd }),
      { option: 'rule', value: aimd },
    ],
    [
      'aimd without its latency',
      () =>
        // @ts-expect-error: maxLatencyMs is missing.
        aimd({ backoffRatio: 0.9 }),
      { option: 'maxLatencyMs', value: undefined },
    ],
    [
      'a fallback that is a value',
      () =>
        // @ts-expect-error: it is () => 'none'.
        fallback('none'),
      { option: 'answer', value: 'none' },
    ],
    [
      'a fault there is not',
      () =>
        // @ts-expect-error: it is pass, fail, delay or hang.
        injectFaults([{ kind: 'crash' }]),
      { option: 'fault' },
    ],
    [
      'a delay without its time',
      () =>
        // @ts-expect-error: delayMs is missing.
        injectFaults([{ kind: 'delay' }]),
      { option: 'fault.delayMs', value: undefined },
    ],
    [
      'an event there is not',
      () =>
        // @ts-expect-error: it is giveUp.
        retry().on('give-up', () => {}),
      { option: 'event', value: 'give-up' },
    ],
    [
      'an event of another policy',
      () =>
        // @ts-expect-error: a breaker changes states, a retry does not.
        retry().on('stateChange', () => {}),
      { option: 'event', value: 'stateChange' },
    ],
  ];

  it.each(refused)('%s', (_, misuse, expected) => {
    expect(thrownBy(misuse)).toMatchObject({ code: 'INVALID_OPTION', ...expected });
  });

  const refusedCalls: readonly [string, () => Promise<unknown>, object][] = [
    [
      'an operation that is none',
      () =>
        // @ts-expect-error: an operation is a function.
        retry().execute('x'),
      { option: 'operation', value: 'x' },
    ],
    [
      'an operation that has been started already',
      () =>
        // @ts-expect-error: a promise cannot be run again.
        retry().execute(Promise.resolve(order)),
      { option: 'operation' },
    ],
    [
      'a deadline as a text',
      () =>
        // @ts-expect-error: a deadline is milliseconds or a Deadline.
        retry().execute(() => order, { deadline: '5s' }),
      { option: 'deadline', value: '5s' },
    ],
    [
      'a deadline as a date',
      () =>
        // @ts-expect-error: the wall clock may jump.
        retry().execute(() => order, { deadline: new Date(0) }),
      { option: 'deadline' },
    ],
    [
      'a controller as its signal',
      () =>
        // @ts-expect-error: it is controller.signal.
        retry().execute(() => order, { signal: new AbortController() }),
      { option: 'signal' },
    ],
    [
      'a misspelt option of a single call',
      () =>
        // @ts-expect-error: it is maxAttempts.
        retryWithBackoff(() => order, { attempts: 3 }),
      { option: 'retry option', value: 'attempts' },
    ],
  ];

  it.each(refusedCalls)('%s, as a rejection', async (_, misuse, expected) => {
    expect(await caught(misuse())).toMatchObject({ code: 'INVALID_OPTION', ...expected });
  });
});

describe('the compiler alone refuses', () => {
  it('what only types can tell', () => {
    // @ts-expect-error: what a retry tells of an attempt has no state.
    retry().on('attempt', ({ state }) => state);
    // @ts-expect-error: a listener is told of the event, not of its name.
    retry().on('retry', (event: string) => event);
    // @ts-expect-error: the result may be that of the fallback.
    const one: () => Promise<Order> = () => fallback(() => 'none').execute(() => order);
    // @ts-expect-error: a policy that may add something is not one that adds nothing.
    const two: Policy = fallback(() => 'none');
    // @ts-expect-error: nobody outside may set the time that is left.
    const three = (attempt: Attempt) => (attempt.remainingMs = 5);
    // @ts-expect-error: idempotent is a boolean.
    const four = () => hedge({ delayMs: 50 }).execute(() => order, { context: { idempotent: 'yes' } });
    // @ts-expect-error: nor is there a field for whatever one likes.
    const five = () => retry().execute(() => order, { context: { password: 'secret' } });
    expect([one, two, three, four, five]).toHaveLength(5);
  });

  it('an option that is required, when it is said to be undefined', () => {
    // @ts-expect-error: a time is required.
    const one: TimeoutOptions = { timeoutMs: undefined };
    // @ts-expect-error: a size is required.
    const two: BulkheadOptions = { maxConcurrent: undefined };
    // @ts-expect-error: a delay is required.
    const three: HedgeOptions = { delayMs: undefined };
    // @ts-expect-error: a rule is required.
    const four: AdaptiveLimitOptions = { rule: undefined };
    expect([one, two, three, four]).toHaveLength(4);
  });
});
