import { withCode } from '../test/breaker-calls';
import { TimeoutError } from '../timeout/timeout-error';
import { isAvailabilityFailure } from './availability';

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
