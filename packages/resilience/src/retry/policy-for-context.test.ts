import { fakeClock } from '../clock/fake-clock';
import type { StructuredLogger } from '../observe/structured-logger';
import { policyForContext } from './policy-for-context';
import { retry } from './retry';

const createLogger = (): StructuredLogger => ({ debug() {}, info() {}, warn() {}, error() {} });

describe('the policy for a context', () => {
  it('is one for all calls without a logger', () => {
    const policyFor = policyForContext(retry);
    expect(policyFor({})).toBe(policyFor({ logger: undefined }));
  });

  it('is one for each logger', () => {
    const policyFor = policyForContext(retry);
    const [logger, other] = [createLogger(), createLogger()];
    expect(policyFor({ logger })).toBe(policyFor({ logger }));
    expect(policyFor({ logger })).not.toBe(policyFor({ logger: other }));
    expect(policyFor({ logger })).not.toBe(policyFor({}));
  });

  it('is its own where time or chance is handed in', () => {
    const policyFor = policyForContext(retry);
    const clock = fakeClock();
    expect(policyFor({ clock })).not.toBe(policyFor({ clock }));
    expect(policyFor({ clock }).clock).toBe(clock);
    expect(policyFor({ random: () => 0 })).not.toBe(policyFor({}));
  });

  it.each([null, 5, 'console', {}])('is refused for the logger %p', (logger) => {
    const policyFor = policyForContext(retry);
    expect(() => policyFor({ logger: logger as unknown as StructuredLogger })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'logger' }),
    );
  });
});
