import { fakeClock } from '../clock/fake-clock';
import { withCode } from '../test/breaker-calls';
import { TimeoutError } from '../timeout/timeout-error';
import { isAvailabilityFailure, judgeAvailability } from './availability';
import { circuitBreaker } from './circuit-breaker';

describe('a failure of availability', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'TIMEOUT',
  ])('is %s', (code) => {
    expect(isAvailabilityFailure(withCode(code))).toBe(true);
  });

  it('is our own timeout', () => {
    expect(isAvailabilityFailure(new TimeoutError(100))).toBe(true);
  });

  it('is found behind an error that wraps it', () => {
    const cause = withCode('ECONNREFUSED');
    expect(isAvailabilityFailure(new Error('query failed', { cause }))).toBe(true);
    expect(isAvailabilityFailure(Object.assign(new Error('query failed'), { driverError: cause }))).toBe(
      true,
    );
    expect(isAvailabilityFailure(new AggregateError([new Error('first address'), cause]))).toBe(true);
  });

  it.each([
    ['a unique violation', withCode('23505')],
    ['a serialization failure', withCode('40001')],
    ['a deadlock', withCode('40P01')],
    ['an error without a code', new Error('ECONNREFUSED')],
    ['an error whose message alone speaks of it', new Error('connect ECONNREFUSED 127.0.0.1:5432')],
    ['an HTTP answer', Object.assign(new Error('Not found'), { status: 404 })],
    ['a text', 'ECONNREFUSED'],
    ['nothing', undefined],
    ['null', null],
  ])('is not %s', (_, error) => {
    expect(isAvailabilityFailure(error)).toBe(false);
  });
});

describe('what Node says over HTTP', () => {
  it.each(['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])(
    'counts behind "fetch failed": %s',
    (code) => {
      const error = new TypeError('fetch failed', {
        cause: Object.assign(new Error('other side closed'), { code }),
      });
      expect(isAvailabilityFailure(error)).toBe(true);
      expect(judgeAvailability(error)).toBe(true);
    },
  );

  it('counts when a signal of its own timed out', () => {
    expect(isAvailabilityFailure(new DOMException('timed out', 'TimeoutError'))).toBe(true);
    expect(isAvailabilityFailure(new DOMException('aborted', 'AbortError'))).toBe(false);
  });
});

describe('what says nothing of a dependency', () => {
  it.each([TypeError, ReferenceError, RangeError, SyntaxError])(
    'is a bug, which may never have reached it: %p',
    (Bug) => {
      expect(judgeAvailability(new Bug('a bug'))).toBeUndefined();
    },
  );

  it('is no answer that is an error', () => {
    expect(judgeAvailability(Object.assign(new Error('taken'), { code: '23505' }))).toBe(false);
  });
});

describe('a bug in the operation', () => {
  it('neither closes a circuit that is tried nor opens one', async () => {
    const clock = fakeClock();
    const breaker = circuitBreaker({ clock, minimumThroughput: 2, halfOpenPermits: 1, breakMs: 100 });
    const run = (error: Error) => breaker.execute(() => Promise.reject(error)).catch(() => {});
    for (let call = 0; call < 50; call++) await run(new TypeError('a bug'));
    expect(breaker.state).toBe('closed');
    for (let call = 0; call < 2; call++)
      await run(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
    // The bugs did not count as calls either: two of two have failed.
    expect(breaker.state).toBe('open');
    await clock.advance(100);
    await run(new TypeError('a bug'));
    expect(breaker.state).toBe('half-open');
  });
});
