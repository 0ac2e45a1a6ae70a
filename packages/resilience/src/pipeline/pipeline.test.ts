import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { consecutiveFailures } from '../circuit-breaker/consecutive-failures';
import { systemClock } from '../clock/clock';
import { fakeClock } from '../clock/fake-clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import { fallback } from '../fallback/fallback';
import { constant } from '../retry/backoff';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';
import type { Policy } from './policy';

/** What joining policies throws. */
function refusal(policies: unknown): InvalidOptionError {
  try {
    pipeline(policies as Policy[]);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('a pipeline', () => {
  it('goes inward from the first policy to the last, and outward again', async () => {
    const log: string[] = [];
    const joined = pipeline([new Probe('a', log), new Probe('b', log), new Probe('c', log)]);
    await joined.execute(() => log.push('operation'));
    expect(log).toEqual([
      'a runs',
      'b runs',
      'c runs',
      'operation',
      'c succeeds',
      'b succeeds',
      'a succeeds',
    ]);
  });

  it('runs for every attempt what is listed after the retry, and once what is listed before', async () => {
    const clock = fakeClock();
    const log: string[] = [];
    const again = retry({ maxAttempts: 2, backoff: constant(1), retryableErrors: () => true, clock });
    const joined = pipeline([new Probe('before', log, clock), again, new Probe('after', log, clock)]);
    const call = joined.execute(({ attempt }) => {
      if (attempt === 1) throw new Error('down');
    });
    await clock.runUntilSettled(call);
    expect(log).toEqual([
      'before runs',
      'after runs',
      'after fails',
      'after runs',
      'after succeeds',
      'before succeeds',
    ]);
  });

  it('means what the order of its policies means: one timeout for all attempts, or one for each', async () => {
    const clock = fakeClock();
    const again = () => retry({ maxAttempts: 2, backoff: constant(1), retryableErrors: ['TIMEOUT'], clock });
    const limit = () => timeout({ timeoutMs: 100, clock });
    const work = new ManualWork();
    const each = watch(pipeline([again(), limit()]).execute(work.operation));
    const all = watch(pipeline([limit(), again()]).execute(work.operation));
    await clock.advance(300);
    expect(work.runs).toHaveLength(3);
    expect(each.error).toMatchObject({ code: 'RETRY_EXHAUSTED', attempts: 2 });
    expect(all.error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('is a policy, that can be part of another', async () => {
    const log: string[] = [];
    const inner = pipeline([new Probe('b', log), new Probe('c', log)]);
    const outer = pipeline([new Probe('a', log), inner, pipeline([]), new Probe('d', log)]);
    await expect(outer.execute(() => 'value')).resolves.toBe('value');
    expect(log.slice(0, 4)).toEqual(['a runs', 'b runs', 'c runs', 'd runs']);
    // Nothing of the outer one is kept by the inner one.
    log.length = 0;
    await inner.execute(() => 'value');
    expect(log).toEqual(['b runs', 'c runs', 'c succeeds', 'b succeeds']);
  });

  it('shares the state of its policies with others that list them', async () => {
    const slots = bulkhead({ maxConcurrent: 1 });
    const breaker = circuitBreaker({ tripRule: consecutiveFailures(1), isFailure: () => true });
    const work = new ManualWork();
    watch(pipeline([slots, new Probe()]).execute(work.operation));
    await expect(pipeline([breaker, slots]).execute(() => 'value')).rejects.toMatchObject({
      code: 'BULKHEAD_FULL',
    });
    work.run(0).succeed();
    await settled();
    await caught(pipeline([breaker]).execute(() => Promise.reject(new Error('down'))));
    await expect(pipeline([breaker, slots]).execute(() => 'value')).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
    });
  });

  it('of no policies runs the operation as it is', async () => {
    const failure = new Error('down');
    await expect(pipeline([]).execute(async ({ attempt }) => attempt)).resolves.toBe(1);
    expect(await caught(pipeline([]).execute(() => Promise.reject(failure)))).toBe(failure);
    await expect(pipeline([]).execute(() => 1, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
  });

  it('answers with what a fallback in it answers', async () => {
    const answer: string | number = await pipeline([fallback(() => 'cached'), retry()]).execute(
      (): number => {
        throw new Error('down');
      },
    );
    expect(answer).toBe('cached');
  });

  it('tells time by the clock of its policies, and by the process clock without any', () => {
    const clock = fakeClock();
    expect(pipeline([retry({ clock }), timeout({ timeoutMs: 1, clock })]).clock).toBe(clock);
    expect(pipeline([]).clock).toBe(systemClock);
    expect(pipeline([retry()]).clock).toBe(systemClock);
  });

  it('is not changed by what happens to the array it was made of', async () => {
    const log: string[] = [];
    const policies: Policy[] = [new Probe('a', log)];
    const joined = pipeline(policies);
    policies.push(new Probe('b', log));
    await joined.execute(() => 'value');
    expect(log).toEqual(['a runs', 'a succeeds']);
  });
});

describe('joining policies', () => {
  it.each([undefined, null, retry(), 'retry', {}])('refuses %p in place of an array', (policies) => {
    expect(refusal(policies)).toMatchObject({
      option: 'policies',
      value: policies,
      allowed: 'an array of policies',
    });
  });

  it.each([retry, {}, undefined, null, { execute: () => {}, layers: () => [] }])(
    'refuses %p among them, and says where it stands',
    (stray) => {
      expect(refusal([retry(), stray, 'another'])).toMatchObject({
        option: 'policies[1]',
        value: stray,
        allowed: 'a policy, such as retry() or timeout({ timeoutMs })',
      });
    },
  );

  it('refuses a hole among them', () => {
    // biome-ignore lint/suspicious/noSparseArray: that is the mistake in question.
    expect(refusal([retry(), , timeout({ timeoutMs: 1 })])).toMatchObject({ option: 'policies[1]' });
  });

  it('refuses one that is listed twice: one call would take two of its slots', () => {
    const slots = bulkhead({ maxConcurrent: 1 });
    for (const policies of [
      [slots, slots],
      [slots, retry(), slots],
      [pipeline([slots]), slots],
      [pipeline([slots]), pipeline([retry(), slots])],
    ]) {
      expect(refusal(policies)).toMatchObject({
        option: 'policies',
        allowed: 'policies that are each listed once',
      });
    }
  });

  it('takes two policies of one kind (control)', async () => {
    const joined = pipeline([bulkhead({ maxConcurrent: 1 }), bulkhead({ maxConcurrent: 1 })]);
    await expect(joined.execute(() => 'value')).resolves.toBe('value');
  });

  it('refuses clocks that differ, and says whose does', () => {
    const clock = fakeClock();
    const other = fakeClock();
    const policies = [retry({ clock }), bulkhead({ maxConcurrent: 1, clock }), timeout({ timeoutMs: 1 })];
    expect(refusal(policies)).toMatchObject({
      option: 'policies[2].clock',
      value: systemClock,
      allowed: 'the clock of the other policies',
    });
    const inner = pipeline([timeout({ timeoutMs: 1, clock: other })]);
    expect(refusal([retry({ clock }), inner])).toMatchObject({ option: 'policies[1].clock', value: other });
  });

  it('takes a pipeline of none, which tells no time, among policies of any clock', async () => {
    const joined = pipeline([pipeline([]), retry({ clock: fakeClock() }), pipeline([])]);
    await expect(joined.execute(() => 'value')).resolves.toBe('value');
  });
});
