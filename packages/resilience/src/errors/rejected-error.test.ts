import { BulkheadRejectedError } from '../bulkhead/bulkhead-rejected-error';
import { CircuitOpenError } from '../circuit-breaker/circuit-open-error';
import { DeadlineExceededError } from '../clock/deadline';
import { HedgeSupersededError } from '../hedge/hedge-frame';
import { RetryError } from '../retry/retry-error';
import { TimeoutError } from '../timeout/timeout-error';
import { isRejected, RejectedError } from './rejected-error';

class QuotaError extends RejectedError {
  readonly code = 'QUOTA';
}

describe('a refusal', () => {
  it('is every error of a policy that did not run the operation', () => {
    const full = new BulkheadRejectedError('BULKHEAD_FULL', undefined, 1, 0);
    const [open] = [Object.create(CircuitOpenError.prototype) as CircuitOpenError];
    for (const error of [full, open, new QuotaError('no quota is left')]) {
      expect(isRejected(error)).toBe(true);
      expect(error).toBeInstanceOf(RejectedError);
    }
  });

  it('is none of an error after which the operation may have run', () => {
    const facts = { attempts: 1, totalDelayMs: 0, elapsedMs: 0 };
    for (const error of [
      new TimeoutError(5),
      new DeadlineExceededError(),
      new RetryError('RETRY_EXHAUSTED', facts, new QuotaError()),
      new HedgeSupersededError(),
      new Error('BULKHEAD_FULL'),
    ]) {
      expect(isRejected(error)).toBe(false);
    }
  });

  it('is looked for in the error itself, not behind it', () => {
    expect(isRejected(new Error('x', { cause: new QuotaError() }))).toBe(false);
    expect(isRejected(new AggregateError([new QuotaError()]))).toBe(false);
  });

  it.each([undefined, null, 'text', 5, {}, () => {}])('is not %p', (error) => {
    expect(isRejected(error)).toBe(false);
  });

  it('of another copy of this package is known by its mark', () => {
    jest.resetModules();
    const copy = jest.requireActual<typeof import('./rejected-error')>('./rejected-error');
    expect(copy.RejectedError).not.toBe(RejectedError);
    class ForeignError extends copy.RejectedError {
      readonly code = 'FOREIGN';
    }
    expect(new ForeignError()).not.toBeInstanceOf(RejectedError);
    expect(isRejected(new ForeignError())).toBe(true);
    expect(copy.isRejected(new QuotaError())).toBe(true);
  });

  it('is not feigned by a mark that says something else, or cannot be read', () => {
    const mark = Symbol.for('holdfast.rejected');
    expect(isRejected({ [mark]: true })).toBe(true);
    expect(isRejected({ [mark]: 1 })).toBe(false);
    const get = () => {
      throw new Error('a trap');
    };
    expect(isRejected(Object.defineProperty({}, mark, { get }))).toBe(false);
  });

  it('shows its mark to nobody who lists its fields', () => {
    expect(Object.keys(new QuotaError())).toEqual(['code']);
    expect(JSON.stringify(new QuotaError())).toBe('{"code":"QUOTA"}');
  });
});
