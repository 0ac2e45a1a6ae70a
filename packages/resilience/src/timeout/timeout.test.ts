import { type FakeClock, fakeClock } from '../clock/fake-clock';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { type TimeoutMode, timeout } from './timeout';
import { TimeoutError } from './timeout-error';

const TIMEOUT_MS = 100;

describe.each<TimeoutMode>(['abandon', 'cooperate'])('a timeout that lets its caller %s', (mode) => {
  let clock: FakeClock;
  let work: ManualWork;

  beforeEach(() => {
    clock = fakeClock();
    work = new ManualWork();
  });

  const limited = () => timeout({ timeoutMs: TIMEOUT_MS, mode, clock });

  it('keeps a result that arrives before', async () => {
    const outcome = watch(limited().execute(work.operation));
    await clock.advance(TIMEOUT_MS - 1);
    work.run(0).succeed('result');
    await settled();
    expect(outcome).toMatchObject({ state: 'fulfilled', value: 'result' });
    await clock.advance(TIMEOUT_MS);
    expect(work.run(0).attempt.signal.aborted).toBe(false);
  });

  it('keeps a failure that arrives before', async () => {
    const failure = new Error('down');
    const outcome = watch(limited().execute(work.operation));
    await clock.advance(TIMEOUT_MS - 1);
    work.run(0).fail(failure);
    await settled();
    expect(outcome.error).toBe(failure);
  });

  it('passes on what an operation returns or throws at once', async () => {
    const policy = limited();
    await expect(policy.execute(() => 'value')).resolves.toBe('value');
    const failure = new Error('thrown');
    const thrown = policy.execute(() => {
      throw failure;
    });
    expect(await caught(thrown)).toBe(failure);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells the operation to stop when the time is up, not before, and with the error of the call', async () => {
    const outcome = watch(limited().execute(work.operation));
    const { signal } = work.run(0).attempt;
    await clock.advance(TIMEOUT_MS - 1);
    expect([signal.aborted, outcome.state]).toEqual([false, 'pending']);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(TimeoutError);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(outcome.error).toBe(signal.reason);
    expect(outcome.error).toMatchObject({
      name: 'TimeoutError',
      code: 'TIMEOUT',
      timeoutMs: TIMEOUT_MS,
      message: 'The operation took longer than 100 ms',
    });
  });

  it('shows an aborted signal to an operation that reads it only after the time is up', async () => {
    const outcome = watch(limited().execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    const { signal } = work.run(0).attempt;
    expect(signal.aborted).toBe(true);
    work.run(0).fail(signal.reason);
    await settled();
    expect(outcome.error).toBe(signal.reason);
  });

  it('lets the operation see how much time is left', async () => {
    watch(limited().execute(work.operation));
    const { attempt } = work.run(0);
    expect(attempt.remainingMs).toBe(TIMEOUT_MS);
    await clock.advance(70);
    expect(attempt.remainingMs).toBe(30);
    await clock.advance(40);
    expect(attempt.remainingMs).toBe(0);
  });

  it('gives every call its own time', async () => {
    const policy = limited();
    const first = watch(policy.execute(work.operation));
    await clock.advance(60);
    const second = watch(policy.execute(work.operation));
    await clock.advance(40);
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect([first.state, second.state]).toEqual(['rejected', 'pending']);
    expect(work.run(1).attempt.remainingMs).toBe(60);
    work.run(1).succeed('in time');
    await settled();
    expect(second.value).toBe('in time');
  });

  it('aborts the operation of a caller who leaves, with the reason of that caller', async () => {
    const controller = new AbortController();
    const outcome = watch(limited().execute(work.operation, { signal: controller.signal }));
    const { signal } = work.run(0).attempt;
    controller.abort('left');
    expect([signal.aborted, signal.reason]).toEqual([true, 'left']);
    work.run(0).fail(signal.reason);
    await settled();
    expect(outcome.error).toBe('left');
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells its listeners of each time that is up, with who was calling', async () => {
    const policy = limited();
    const events: unknown[] = [];
    const leave = policy.on('timeout', (event) => events.push(event));
    const context = { operation: 'read-account' };
    watch(policy.execute(work.operation, { context }));
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect(events).toEqual([
      { timeoutMs: TIMEOUT_MS, limit: 'timeout', context },
      { timeoutMs: TIMEOUT_MS, limit: 'timeout', context: undefined },
    ]);
    leave();
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect(events).toHaveLength(2);
  });

  it('tells its listeners nothing of calls that end in time', async () => {
    const policy = limited();
    let events = 0;
    policy.on('timeout', () => {
      events += 1;
    });
    watch(policy.execute(work.operation));
    watch(policy.execute(work.operation));
    work.run(0).succeed();
    work.run(1).fail(new Error('down'));
    await clock.advance(10 * TIMEOUT_MS);
    expect(events).toBe(0);
  });
});

describe('a timeout that abandons', () => {
  it('is what it does by default, and lets the caller go at once', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const outcome = watch(timeout({ timeoutMs: TIMEOUT_MS, clock }).execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    expect(outcome.error).toBeInstanceOf(TimeoutError);
    expect(work.running).toBe(1);
  });

  it.each([
    { how: 'result', end: (work: ManualWork) => work.run(0).succeed('late') },
    { how: 'failure', end: (work: ManualWork) => work.run(0).fail(new Error('late')) },
  ])('lets go of a late $how, and of nobody else', async ({ end }) => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    const first = watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    const second = watch(policy.execute(work.operation));
    end(work);
    await settled();
    expect(first.error).toBeInstanceOf(TimeoutError);
    expect(second.state).toBe('pending');
    expect(work.run(1).attempt.remainingMs).toBe(TIMEOUT_MS);
    work.run(1).succeed('second');
    await settled();
    expect(second.value).toBe('second');
  });

  it('keeps the operation it left behind told to stop, whatever it reads later', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, clock });
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    watch(policy.execute(work.operation));
    expect(work.run(0).attempt.signal.aborted).toBe(true);
    expect(work.run(0).attempt.remainingMs).toBe(0);
    expect(work.run(1).attempt.signal.aborted).toBe(false);
  });
});

describe('a timeout that cooperates', () => {
  it('waits until the operation has stopped', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const outcome = watch(
      timeout({ timeoutMs: TIMEOUT_MS, mode: 'cooperate', clock }).execute(work.operation),
    );
    await clock.advance(100 * TIMEOUT_MS);
    expect(outcome.state).toBe('pending');
    work.run(0).fail(new Error('stopped'));
    await settled();
    expect(outcome.error).toBeInstanceOf(TimeoutError);
  });

  it('keeps a result that arrives after, because the work was done', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const outcome = watch(
      timeout({ timeoutMs: TIMEOUT_MS, mode: 'cooperate', clock }).execute(work.operation),
    );
    await clock.advance(2 * TIMEOUT_MS);
    work.run(0).succeed('committed');
    await settled();
    expect(outcome).toMatchObject({ state: 'fulfilled', value: 'committed' });
  });

  it('serves the next call as if the last had been in time', async () => {
    const clock = fakeClock();
    const work = new ManualWork();
    const policy = timeout({ timeoutMs: TIMEOUT_MS, mode: 'cooperate', clock });
    watch(policy.execute(work.operation));
    await clock.advance(TIMEOUT_MS);
    work.run(0).fail(new Error('stopped'));
    await settled();
    const failure = new Error('down');
    const next = watch(policy.execute(work.operation));
    expect(work.run(1).attempt.signal.aborted).toBe(false);
    work.run(1).fail(failure);
    await settled();
    expect(next.error).toBe(failure);
  });
});
