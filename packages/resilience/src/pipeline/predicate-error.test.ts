import { adaptiveLimit } from '../adaptive-limit/adaptive-limit';
import { aimd } from '../adaptive-limit/aimd';
import { bulkhead } from '../bulkhead/bulkhead';
import { circuitBreaker } from '../circuit-breaker/circuit-breaker';
import { fakeClock } from '../clock/fake-clock';
import { PredicateError } from '../errors/judge';
import { fallback } from '../fallback/fallback';
import { retry } from '../retry/retry';
import { ManualWork } from '../test/pipeline-manual-work';
import { caught, settled, watch } from '../test/pipeline-outcome';
import { Probe } from '../test/pipeline-probe';
import { timeout } from '../timeout/timeout';
import { pipeline } from './pipeline';

const thrown = new Error('the predicate is broken');
const failure = Object.assign(new Error('the operation failed'), { transient: true });

const clock = fakeClock();
const broken = (): never => {
  throw thrown;
};

describe.each([
  {
    option: 'retryableErrors',
    policyOf: () => retry({ retryableErrors: broken, clock }),
    error: new Error('x'),
  },
  {
    option: 'backoff',
    policyOf: () => retry({ backoff: { drawDelayMs: broken, drawSlowDelayMs: broken }, clock }),
    error: failure,
  },
  { option: 'isFailure', policyOf: () => circuitBreaker({ isFailure: broken, clock }), error: failure },
  {
    option: 'isOverload',
    policyOf: () => adaptiveLimit({ rule: aimd({ maxLatencyMs: 50 }), isOverload: broken, clock }),
    error: failure,
  },
  { option: 'handles', policyOf: () => fallback(() => 'cached', { handles: broken, clock }), error: failure },
])('a function given as $option that throws', ({ option, policyOf, error }) => {
  it('rejects the call with both errors, and the policies around it go on as ever', async () => {
    const slots = bulkhead({ maxConcurrent: 1, clock });
    const probe = new Probe('probe', [], clock);
    const policy = pipeline([probe, slots, policyOf(), timeout({ timeoutMs: 100, clock })]);
    for (let call = 0; call < 3; call += 1) {
      const rejection = await caught(policy.execute(() => Promise.reject(error)));
      expect(rejection).toBeInstanceOf(PredicateError);
      expect(rejection).toMatchObject({ option, cause: thrown, failure: error, errors: [thrown, error] });
      expect([slots.active, probe.running, clock.pendingTimers]).toEqual([0, 0, 0]);
    }
    await expect(policy.execute(() => 'value')).resolves.toBe('value');
    expect(probe.frames).toBe(1);
  });

  it('harms nobody when it judges work that was left behind', async () => {
    const probe = new Probe('probe', [], clock);
    const policy = pipeline([probe, timeout({ timeoutMs: 100, clock }), policyOf()]);
    const work = new ManualWork();
    const call = watch(policy.execute(work.operation));
    await clock.advance(100);
    expect(call.error).toMatchObject({ code: 'TIMEOUT' });
    expect(probe.abandoned).toBe(1);
    work.run(0).fail(error);
    await settled();
    expect(probe.abandoned).toBe(0);
  });
});
