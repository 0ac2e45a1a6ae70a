import { FakeClock } from '../clock/fake-clock';
import type { StructuredLogger } from '../observe/structured-logger';
import type { RetryContext } from './retry-with-backoff';
import { retryWithBackoff } from './retry-with-backoff';

type Line = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

function recordingLogger(): { logger: StructuredLogger; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) => {
    lines.push({ level, message, ...fields });
  };
  return {
    lines,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  };
}

const failure = () =>
  Object.assign(new Error('secret of a customer'), {
    code: 'ECONNREFUSED',
    detail: 'Key (email)=(a@b.c) already exists.',
    parameters: ['a@b.c'],
  });

describe('the lines of a retry', () => {
  const clock = new FakeClock();

  async function run(failures: number, context: RetryContext): Promise<void> {
    let left = failures;
    const operation = async () => {
      if (left-- > 0) throw failure();
    };
    const options = { maxAttempts: 3, baseDelayMs: 10, jitter: false };
    await clock.runUntilSettled(retryWithBackoff(operation, options, { clock, ...context })).catch(() => {});
  }

  it('say nothing about a first success', async () => {
    const { logger, lines } = recordingLogger();
    await run(0, { logger });
    expect(lines).toEqual([]);
  });

  it('tell each retry and the success after it, with attempt, delays, code and the caller', async () => {
    const { logger, lines } = recordingLogger();
    await run(2, { logger, operation: 'placeOrder', requestId: 'r-1' });
    const who = { operation: 'placeOrder', requestId: 'r-1', maxAttempts: 3 };
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'Retrying after a failure',
        ...who,
        attempt: 1,
        delayMs: 10,
        totalDelayMs: 0,
        code: 'ECONNREFUSED',
      },
      {
        level: 'warn',
        message: 'Retrying after a failure',
        ...who,
        attempt: 2,
        delayMs: 20,
        totalDelayMs: 10,
        code: 'ECONNREFUSED',
      },
      {
        level: 'info',
        message: 'Succeeded after retrying',
        ...who,
        attempt: 3,
        delayMs: 20,
        totalDelayMs: 30,
      },
    ]);
  });

  it('tell giving up with its reason', async () => {
    const { logger, lines } = recordingLogger();
    await run(9, { logger });
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      message: 'Gave up retrying',
      attempt: 3,
      code: 'ECONNREFUSED',
      reason: 'exhausted',
    });
  });

  it('carry neither messages, details, parameters nor fields that are not on the list', async () => {
    const { logger, lines } = recordingLogger();
    const caller = { logger, operation: 'x', password: 'hunter2', body: { email: 'a@b.c' } };
    await run(9, caller);
    const text = JSON.stringify(lines);
    expect(text).toContain('ECONNREFUSED');
    for (const secret of ['secret', 'a@b.c', 'hunter2']) expect(text).not.toContain(secret);
  });

  it('cannot turn a success into a failure when the logger throws', async () => {
    const broken = () => {
      throw new Error('disk full');
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    let calls = 0;
    const operation = async () => {
      calls += 1;
      if (calls === 1) throw failure();
      return 'done';
    };
    const result = retryWithBackoff(operation, {}, { clock, logger });
    await expect(clock.runUntilSettled(result)).resolves.toBe('done');
  });
});
