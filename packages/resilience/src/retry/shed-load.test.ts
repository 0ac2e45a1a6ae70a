import { bulkhead } from '../bulkhead/bulkhead';
import { fakeClock } from '../clock/fake-clock';
import { recordLines } from '../test/breaker-calls';
import { caught } from '../test/pipeline-outcome';
import { retry } from './retry';

describe('a retry that gives up because load was shed', () => {
  const clock = fakeClock();
  const full = () => Promise.reject(Object.assign(new Error('full'), { code: 'POOL_EXHAUSTED' }));
  const busy = bulkhead({ maxConcurrent: 1, clock });
  // Keeps its only slot.
  void busy.execute(() => new Promise<never>(() => {}));

  it.each([
    ['a policy inside', 'debug', () => busy.execute(() => 1)],
    ['a full pool', 'debug', full],
    ['an outage (control)', 'error', () => Promise.reject(new Error('refused'))],
  ])('by %s writes its line as %s: under load nearly every call ends so', async (_, level, work) => {
    const { logger, lines } = recordLines();
    const policy = retry({ maxAttempts: 3, baseDelayMs: 10, clock, logger, retryableErrors: () => true });
    await clock.runUntilSettled(caught(policy.execute(work)));
    expect(lines.map((line) => line.level)).toEqual(['warn', 'warn', level]);
    expect(lines.at(-1)).toMatchObject({ message: 'Gave up retrying', fields: { reason: 'exhausted' } });
  });
});
