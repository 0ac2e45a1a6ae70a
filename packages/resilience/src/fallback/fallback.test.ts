import { bulkhead } from '../bulkhead/bulkhead';
import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { PredicateError } from '../errors/judge';
import { pipeline } from '../pipeline/pipeline';
import { retry } from '../retry/retry';
import { thrownBy } from '../test/breaker-calls';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { alwaysFailing, failingWith, refused } from '../test/retry-operations';
import { timeout } from '../timeout/timeout';
import { fallback } from './fallback';

describe('a fallback', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = fakeClock();
  });

  it('is not asked about a success', async () => {
    let asked = 0;
    const policy = fallback(() => {
      asked += 1;
    });
    await expect(policy.execute(() => 'done')).resolves.toBe('done');
    await expect(policy.execute(() => undefined)).resolves.toBeUndefined();
    expect(asked).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ['a value', () => 'cached'],
    ['a promise', () => Promise.resolve('cached')],
    // biome-ignore lint/suspicious/noThenProperty: that any thenable will do is the claim.
    ['a thenable', () => ({ then: (resolve: (value: string) => void) => resolve('cached') })],
  ])('answers a failure with %s', async (_, answer) => {
    const error = refused();
    const asked: unknown[] = [];
    const policy = fallback((failure) => {
      asked.push(failure);
      return answer();
    });
    await expect(policy.execute(() => Promise.reject(error))).resolves.toBe('cached');
    await expect(
      policy.execute(() => {
        throw error;
      }),
    ).resolves.toBe('cached');
    expect(asked).toEqual([error, error]);
    expect(asked[0]).toBe(error);
  });

  it.each([undefined, null, 0, '', false])('takes %p for an answer', async (value) => {
    await expect(fallback(() => value).execute(alwaysFailing().operation)).resolves.toBe(value);
  });

  it.each<[string, (error: Error) => unknown]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ])('fails with what its answer %s', async (_, answer) => {
    const worse = new Error('the cache is down as well');
    const policy = fallback(() => answer(worse));
    expect(await caught(policy.execute(alwaysFailing().operation))).toBe(worse);
  });

  it('answers only what it handles', async () => {
    const policy = fallback(() => 'cached', { handles: (error) => error instanceof RangeError });
    await expect(policy.execute(() => Promise.reject(new RangeError()))).resolves.toBe('cached');
    const other = refused();
    expect(await caught(policy.execute(() => Promise.reject(other)))).toBe(other);
  });

  it('loses neither error when the question what it handles throws', async () => {
    const broken = new TypeError('a bug in the predicate');
    const failure = refused();
    let asked = 0;
    const policy = fallback(() => (asked += 1), {
      handles: () => {
        throw broken;
      },
    });
    const error = await caught(policy.execute(() => Promise.reject(failure)));
    expect(error).toBeInstanceOf(PredicateError);
    expect(error).toMatchObject({ option: 'handles', failure, errors: [broken, failure] });
    expect(asked).toBe(0);
  });

  describe('whose caller has left', () => {
    const answering = () => {
      let asked = 0;
      const policy = fallback(() => (asked += 1), { clock });
      return { policy, asked: () => asked };
    };

    it('answers nothing when the signal was aborted beforehand', async () => {
      const { policy, asked } = answering();
      const call = policy.execute(() => 'done', { signal: AbortSignal.abort('left') });
      expect(await caught(call)).toBe('left');
      expect(asked()).toBe(0);
    });

    it('hands on the failure of a run that was aborted', async () => {
      const { policy, asked } = answering();
      const controller = new AbortController();
      const failure = refused();
      const operation = () => {
        controller.abort();
        return Promise.reject(failure);
      };
      expect(await caught(policy.execute(operation, { signal: controller.signal }))).toBe(failure);
      expect(asked()).toBe(0);
    });

    it('hands on the failure of a run that outlasted the deadline', async () => {
      const { policy, asked } = answering();
      const work = new ManualWork();
      const outcome = watch(policy.execute(work.operation, { deadline: 100 }));
      await clock.advance(100);
      const failure = refused();
      work.run(0).fail(failure);
      await settled();
      expect(outcome.error).toBe(failure);
      expect(asked()).toBe(0);
    });

    it('control: answers the same failures while the caller waits', async () => {
      const { policy, asked } = answering();
      const { signal } = new AbortController();
      const work = new ManualWork();
      const outcome = watch(policy.execute(work.operation, { signal, deadline: 100 }));
      await clock.advance(99);
      work.run(0).fail(refused());
      await settled();
      expect(outcome.value).toBe(1);
      expect(asked()).toBe(1);
    });
  });

  it('is told of as an event, once for each answer, with the failure and the caller', async () => {
    const policy = fallback(() => 'cached', { handles: (error) => !(error instanceof RangeError) });
    const told: unknown[] = [];
    const leave = policy.on('fallback', (event) => told.push(event));
    policy.on('fallback', () => {
      throw new Error('a broken listener');
    });
    const context = { operation: 'readOrder' };
    const error = refused();
    await expect(policy.execute(() => Promise.reject(error), { context })).resolves.toBe('cached');
    await policy.execute(() => 'done', { context });
    await caught(policy.execute(() => Promise.reject(new RangeError()), { context }));
    expect(told).toEqual([{ error, context }]);
    leave();
    await policy.execute(() => Promise.reject(error));
    expect(told).toHaveLength(1);
    expect(thrownBy(() => policy.on('answer' as 'fallback', () => {}))).toMatchObject({
      option: 'event',
      allowed: 'one of fallback',
    });
  });

  it('answers when the retries inside it are used up, and hides that from nobody who listens there', async () => {
    const inner = retry({ maxAttempts: 3, jitter: false, clock });
    const reasons: unknown[] = [];
    inner.on('giveUp', ({ reason }) => reasons.push(reason));
    const policy = pipeline([fallback(() => [] as string[], { clock }), inner]);
    const subject = alwaysFailing();
    await expect(clock.runUntilSettled(policy.execute(subject.operation))).resolves.toEqual([]);
    expect(subject.calls).toBe(3);
    expect(reasons).toEqual(['exhausted']);
  });

  it('inside a retry leaves nothing to retry', async () => {
    const policy = pipeline([retry({ clock }), fallback(() => 'cached', { clock })]);
    const subject = failingWith(refused());
    await expect(policy.execute(subject.operation)).resolves.toBe('cached');
    expect(subject.calls).toBe(1);
  });

  it('answers a refusal of a bulkhead inside it', async () => {
    const work = new ManualWork();
    const policy = pipeline([fallback(() => 'busy', { clock }), bulkhead({ maxConcurrent: 1, clock })]);
    const first = watch(policy.execute(work.operation));
    await expect(policy.execute(work.operation)).resolves.toBe('busy');
    work.run(0).succeed('done');
    await settled();
    expect(first.value).toBe('done');
  });

  it('whose answer outlasts a timeout around it is left behind', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    let answer: (value: string) => void = () => {};
    const policy = pipeline([
      slots,
      timeout({ timeoutMs: 100, clock }),
      fallback(() => new Promise<string>((resolve) => (answer = resolve)), { clock }),
    ]);
    const outcome = watch(policy.execute(alwaysFailing().operation));
    await clock.advance(100);
    expect(outcome.error).toMatchObject({ code: 'TIMEOUT' });
    expect(slots.active).toBe(1);
    answer('too late');
    await settled();
    expect(slots.active).toBe(0);
  });

  it.each<[string, unknown, object, string]>([
    ['answer', 'cached', {}, 'a function'],
    ['answer', undefined, {}, 'a function'],
    ['handles', ['ECONNREFUSED'], { handles: ['ECONNREFUSED'] }, 'a function'],
    ['clock', {}, { clock: {} }, 'a Clock with nowMs and schedule'],
    ['fallback option', 'handle', { handle: () => true }, 'one of handles, clock'],
  ])('refuses %s = %p', (option, value, options, allowed) => {
    const answer = option === 'answer' ? value : () => 'cached';
    expect(thrownBy(() => fallback(answer as () => string, options))).toMatchObject({
      code: 'INVALID_OPTION',
      option,
      value,
      allowed,
    });
  });
});
