import {
  type Attempt,
  adaptiveLimit,
  bulkhead,
  circuitBreaker,
  type Deadline,
  fallback,
  gradient,
  hedge,
  injectFaults,
  type Policy,
  pipeline,
  type RetryEvents,
  retry,
  retryWithBackoff,
  timeout,
} from './index';
import { databaseRetry, withTransactionRetry } from './postgres';

/** True when the two types are the same, `any` and `unknown` not being the same as anything else. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when what it is told is true. */
function isTrue<_Claim extends true>(): void {}

type ResultOf<Call extends (...given: never[]) => Promise<unknown>> = Awaited<ReturnType<Call>>;

interface Order {
  readonly id: number;
}
const order: Order = { id: 1 };

// What is claimed here is checked by the compiler, which `npm run typecheck` runs.

describe('the result of a call has the type', () => {
  it('of what the operation returns, whether it promises it or not', async () => {
    const sync = () => retry().execute(() => order);
    const promised = () => retry().execute(() => Promise.resolve(order));
    const awaited = () => retry().execute(async () => order);
    const thenable = () => retry().execute((): PromiseLike<Order> => Promise.resolve(order));
    const nothing = () => retry().execute(() => {});
    const union = () => retry().execute((): Promise<Order | undefined> | Order => order);
    isTrue<Equal<ResultOf<typeof sync>, Order>>();
    isTrue<Equal<ResultOf<typeof promised>, Order>>();
    isTrue<Equal<ResultOf<typeof awaited>, Order>>();
    isTrue<Equal<ResultOf<typeof thenable>, Order>>();
    isTrue<Equal<ResultOf<typeof nothing>, void>>();
    isTrue<Equal<ResultOf<typeof union>, Order | undefined>>();
    for (const call of [sync, promised, awaited, thenable, union]) expect(await call()).toBe(order);
  });

  it('of the operation alone, under every policy that adds nothing', async () => {
    const policies = [
      retry(),
      circuitBreaker(),
      timeout({ timeoutMs: 50 }),
      bulkhead({ maxConcurrent: 1 }),
      adaptiveLimit({ rule: gradient() }),
      hedge({ delayMs: 50 }),
      injectFaults([]),
      databaseRetry(),
    ] as const;
    for (const policy of policies) {
      const call = () => policy.execute(() => order);
      isTrue<Equal<ResultOf<typeof call>, Order>>();
      expect(await call()).toBe(order);
    }
    const all = () => pipeline(policies).execute(() => order);
    isTrue<Equal<ResultOf<typeof all>, Order>>();
    const none = () => pipeline([]).execute(() => order);
    isTrue<Equal<ResultOf<typeof none>, Order>>();
    expect(await none()).toBe(order);
  });

  it('of the operation or of the fallback, where there is one', async () => {
    const alone = () => fallback(() => 'none' as const).execute(() => order);
    isTrue<Equal<ResultOf<typeof alone>, Order | 'none'>>();
    const promised = () => fallback(async () => null).execute(() => order);
    isTrue<Equal<ResultOf<typeof promised>, Order | null>>();
    const joined = () => pipeline([fallback(() => undefined), retry()]).execute(() => order);
    isTrue<Equal<ResultOf<typeof joined>, Order | undefined>>();
    const same = () => pipeline([fallback((): Order => order), retry()]).execute(() => order);
    isTrue<Equal<ResultOf<typeof same>, Order>>();
    const throwing = () =>
      pipeline([
        fallback((error): never => {
          throw error;
        }),
        retry(),
      ]).execute(() => order);
    isTrue<Equal<ResultOf<typeof throwing>, Order>>();
    for (const call of [alone, promised, joined, same, throwing]) expect(await call()).toBe(order);
  });

  it('of the operation or of any fallback, in pipelines that are parts of others', async () => {
    const inner = pipeline([fallback(() => 'inner' as const), retry()]);
    const policy = pipeline([fallback(() => 0 as const), pipeline([inner, bulkhead({ maxConcurrent: 1 })])]);
    isTrue<Equal<typeof inner, Policy<'inner'>>>();
    isTrue<Equal<typeof policy, Policy<0 | 'inner'>>>();
    const call = () => policy.execute(() => order);
    isTrue<Equal<ResultOf<typeof call>, Order | 0 | 'inner'>>();
    expect(await call()).toBe(order);
  });

  it('of what a list of policies of one type adds, when the list is made before', () => {
    const listed: Policy[] = [retry(), timeout({ timeoutMs: 50 })];
    const joined = pipeline(listed);
    isTrue<Equal<typeof joined, Policy<never>>>();
    const widened: Policy<Order | null> = fallback(() => null);
    expect([joined, widened]).toHaveLength(2);
  });

  it('of the operation, for the helpers of a single call', async () => {
    const single = () => retryWithBackoff(() => order, { maxAttempts: 2 }, { operation: 'readOrder' });
    isTrue<Equal<ResultOf<typeof single>, Order>>();
    const transaction = () => withTransactionRetry(async ({ attempt }) => attempt);
    isTrue<Equal<ResultOf<typeof transaction>, number>>();
    expect(await single()).toBe(order);
    expect(await transaction()).toBe(1);
  });
});

describe('what is handed in has a type', () => {
  it('an operation is told of its attempt', async () => {
    await retry().execute((attempt) => {
      isTrue<Equal<typeof attempt, Attempt>>();
      isTrue<Equal<typeof attempt.signal, AbortSignal>>();
      isTrue<Equal<typeof attempt.deadline, Deadline | undefined>>();
      expect(attempt.attempt).toBe(1);
    });
  });

  it('a listener is told of the event by whose name it listens', () => {
    const policy = retry();
    policy.on('retry', (event) => {
      isTrue<Equal<typeof event, RetryEvents['retry']>>();
      isTrue<Equal<typeof event.error, unknown>>();
    });
    policy.on('giveUp', ({ reason }) => {
      isTrue<Equal<typeof reason, 'exhausted' | 'deadline' | 'budget' | 'aborted' | 'not-retryable'>>();
    });
    circuitBreaker().on('stateChange', ({ to }) => {
      isTrue<Equal<typeof to, 'closed' | 'open' | 'half-open' | 'isolated'>>();
    });
    bulkhead({ maxConcurrent: 1 }).on('reject', ({ active }) => {
      isTrue<Equal<typeof active, number>>();
    });
    expect(policy).toBeDefined();
  });

  it('an option that is undefined is one that was left out', async () => {
    const policy = retry({ maxAttempts: undefined, budget: undefined, clock: undefined });
    const options = { signal: undefined, deadline: undefined, context: undefined };
    await expect(policy.execute(() => order, options)).resolves.toBe(order);
  });
});
