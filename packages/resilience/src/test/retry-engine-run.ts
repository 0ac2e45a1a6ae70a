import { DeadlineExceededError } from '../clock/deadline';
import { fakeClock } from '../clock/fake-clock';
import type { Attempt } from '../pipeline/attempt';
import { type Backoff, constant, exponential, iterable } from '../retry/backoff';
import { RetryPolicy } from '../retry/retry';
import { type RetryBudget, retryBudget } from '../retry/retry-budget';
import { RetryError } from '../retry/retry-error';
import type { RetryDecision } from '../retry/retry-frame';
import { readRetrySettings } from '../retry/retry-options';
import { lateClock } from './retry-late-clock';
import { type CallEnd, type CallHistory, plannedRun, type ToldEvent } from './retry-model';
import type { PlannedBackoff, PlannedBudget, PlannedRun, RetrySchedule } from './retry-schedule';

/** Later than anything a schedule can bring about. */
const HORIZON_MS = 1e6;

/** The caller's reason of every abort in a schedule. */
const LEFT = new Error('the caller left');

/** A failure of a planned run; `decision` is what the policy is to make of it. */
class PlannedFailure extends Error {
  readonly decision: RetryDecision;
  readonly run: string;
  readonly retryAfterMs: unknown;

  constructor(run: string, decision: RetryDecision, { hint, isRetriedInside }: PlannedRun) {
    super(run, { cause: isRetriedInside ? retriedInside : undefined });
    this.run = run;
    this.decision = decision;
    this.retryAfterMs = hint;
  }
}

const retriedInside = new AggregateError([
  new RetryError('RETRY_EXHAUSTED', { attempts: 2, totalDelayMs: 0, elapsedMs: 0 }, undefined),
]);

/** What the real retries do with a schedule, on a clock that stands still between two timers. */
export async function runRetries(schedule: RetrySchedule): Promise<{
  readonly histories: CallHistory[];
  readonly pendingTimers: number;
}> {
  const clock = fakeClock();
  const budget = schedule.budget && createBudget(schedule.budget, clock);
  let asked = 0;
  const settings = readRetrySettings({
    maxAttempts: schedule.maxAttempts,
    backoff: createBackoff(schedule.backoff),
    budget,
    random: () => schedule.draws[asked++ % schedule.draws.length] ?? 0,
    clock: lateClock(clock, schedule.lateMs),
  });
  const policy = new RetryPolicy(settings, (error) =>
    error instanceof PlannedFailure ? error.decision : 'no',
  );
  const histories = schedule.calls.map((): CallHistory => ({ startsMs: [], events: [], end: undefined }));
  recordEvents(policy, histories, () => clock.nowMs());

  schedule.calls.forEach((plan, at) => {
    const history = histories[at] as CallHistory;
    const controller = new AbortController();
    if (plan.abortMs !== undefined) clock.schedule(() => controller.abort(LEFT), plan.abortMs);
    const operation = (attempt: Attempt): PromiseLike<string> | string => {
      history.startsMs.push(clock.nowMs());
      return perform(attempt, plannedRun(plan, attempt.attempt), (run, ms) => void clock.schedule(run, ms));
    };
    clock.schedule(() => {
      const call = policy.execute(operation, {
        deadline: plan.deadlineMs,
        signal: plan.abortMs === undefined ? undefined : controller.signal,
        context: { operation: String(at) },
      });
      call.then(
        (value) => {
          history.end = { kind: 'value', atMs: clock.nowMs(), value };
        },
        (error: unknown) => {
          history.end = describeFailure(error, clock.nowMs());
        },
      );
    }, plan.startMs);
  });
  await clock.advance(HORIZON_MS);
  return { histories, pendingTimers: clock.pendingTimers };
}

/** One run as it is planned: at once or later, synchronously every other time, heeding its signal or not. */
function perform(
  attempt: Attempt,
  planned: PlannedRun,
  schedule: (run: () => void, delayMs: number) => void,
): PromiseLike<string> | string {
  const name = `run ${attempt.attempt}`;
  const { ending, onAbort, afterMs } = planned;
  const failure = ending === 'success' ? undefined : new PlannedFailure(name, ending, planned);
  const signal = onAbort === 'ignore' ? undefined : attempt.signal;
  if (afterMs === 0 && attempt.attempt % 2 === 0) {
    if (failure !== undefined) throw failure;
    return name;
  }
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => {
      if (onAbort === 'succeed') resolve(name);
      else reject(onAbort === 'fail' ? new PlannedFailure(name, 'yes', planned) : signal.reason);
    });
    const end = (): void => (failure === undefined ? resolve(name) : reject(failure));
    if (afterMs === 0) end();
    else schedule(end, afterMs);
  });
}

function recordEvents(policy: RetryPolicy, histories: readonly CallHistory[], nowMs: () => number): void {
  for (const name of ['attempt', 'retry', 'giveUp', 'successAfterRetry'] as const) {
    policy.on(name, ({ context, ...told }) => {
      const event = 'error' in told ? { ...told, error: nameOf(told.error) } : told;
      histories[Number(context?.operation)]?.events.push({ atMs: nowMs(), name, ...event } as ToldEvent);
    });
  }
}

function describeFailure(error: unknown, atMs: number): CallEnd {
  if (error === LEFT) return { kind: 'reason', atMs };
  if (!(error instanceof RetryError)) return { kind: 'failure', atMs, error: nameOf(error) };
  const { code, attempts, totalDelayMs, elapsedMs, cause } = error;
  return { kind: 'RetryError', atMs, code, attempts, totalDelayMs, elapsedMs, cause: nameOf(cause) };
}

function nameOf(error: unknown): string {
  if (error === LEFT) return 'reason';
  if (error instanceof DeadlineExceededError) return 'deadline';
  return error instanceof PlannedFailure ? error.run : String(error);
}

function createBackoff(plan: PlannedBackoff): Backoff {
  switch (plan.kind) {
    case 'exponential': {
      const { baseDelayMs, maxDelayMs, multiplier, jitter } = plan;
      return exponential({ baseDelayMs, maxDelayMs, backoffMultiplier: multiplier, jitter });
    }
    case 'constant':
      return constant(plan.delayMs);
    case 'iterable':
      return iterable(plan.delaysMs);
    default:
      return plan satisfies never;
  }
}

function createBudget(plan: PlannedBudget, clock: Parameters<typeof lateClock>[0]): RetryBudget {
  const { ratio, burst, retriesPerMs } = plan;
  const budget = retryBudget({ ratio, burst, minRetriesPerSecond: retriesPerMs * 1000, clock });
  for (let taken = 0; taken < plan.spent; taken++) budget.withdraw();
  return budget;
}
