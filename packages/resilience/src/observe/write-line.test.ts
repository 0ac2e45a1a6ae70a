import type { CallContext } from '../pipeline/call-context';
import { recordLines } from '../test/breaker-calls';
import { settled } from '../test/pipeline-outcome';
import type { StructuredLogger } from './structured-logger';
import { renderCode, writeLine } from './write-line';

function lineOf(context: object | undefined, facts: Parameters<typeof writeLine>[4] = {}) {
  const { logger, lines } = recordLines();
  writeLine(logger, 'info', 'Something happened', context as CallContext | undefined, facts);
  expect(lines).toHaveLength(1);
  return lines[0]?.fields;
}

describe('a line', () => {
  it.each(['debug', 'info', 'warn', 'error'] as const)('goes to the level %s with its message', (level) => {
    const { logger, lines } = recordLines();
    writeLine(logger, level, 'Something happened', undefined, { count: 3 });
    expect(lines).toEqual([{ level, message: 'Something happened', fields: { count: 3 } }]);
  });

  it('is written as a method of its logger, which may need that', () => {
    const seen: unknown[] = [];
    class Logger implements StructuredLogger {
      debug(): void {}
      info(): void {}
      warn(): void {
        seen.push(this);
      }
      error(): void {}
    }
    const logger = new Logger();
    writeLine(logger, 'warn', 'x', undefined, {});
    expect(seen).toEqual([logger]);
  });

  it('names the caller by the fields that identify it', () => {
    const context = {
      operation: 'placeOrder',
      component: 'orders',
      requestId: 'r-1',
      traceId: 't-1',
      organizationId: 'o-1',
      userId: 'u-1',
    };
    expect(lineOf(context)).toEqual(context);
  });

  it('takes nothing else from the caller, whatever it is called', () => {
    const context = {
      operation: 'placeOrder',
      idempotent: true,
      email: 'a@b.c',
      body: { card: '4111' },
      message: 'secret',
      parameters: ['secret'],
      detail: 'Key (email)=(a@b.c)',
      level: 'debug',
    };
    expect(lineOf(context)).toEqual({ operation: 'placeOrder' });
  });

  it('takes from those fields short primitives and nothing that could hold more', () => {
    expect(lineOf({ operation: 'x'.repeat(201), requestId: 'y'.repeat(200) })).toEqual({
      operation: 'x'.repeat(200),
      requestId: 'y'.repeat(200),
    });
    expect(lineOf({ userId: 7, traceId: false, requestId: 0, component: '' })).toEqual({
      userId: 7,
      traceId: false,
      requestId: 0,
      component: '',
    });
    expect(
      lineOf({
        operation: { toString: () => 'secret' },
        component: ['secret'],
        requestId: () => 'secret',
        traceId: Symbol('secret'),
        organizationId: null,
        userId: 5n,
      }),
    ).toEqual({});
  });

  it('leaves out facts that are not known, and keeps zeros and empty texts', () => {
    const facts = { attempt: 0, code: '', reason: undefined };
    expect(lineOf(undefined, facts)).toEqual({ attempt: 0, code: '' });
    expect(lineOf({}, facts)).not.toHaveProperty('reason');
  });

  it('lets its facts stand where the caller has a field of that name', () => {
    expect(lineOf({ operation: 'theirs' }, { operation: 'ours' })).toEqual({ operation: 'ours' });
  });

  it('is not made without a logger', () => {
    const untouchable = new Proxy<Record<string, number>>(
      {},
      {
        ownKeys: () => {
          throw new Error('was read');
        },
        get: () => {
          throw new Error('was read');
        },
      },
    );
    expect(() => writeLine(undefined, 'info', 'x', untouchable as CallContext, untouchable)).not.toThrow();
  });

  it('is lost when its logger throws later, as async functions do', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const broken = async () => {
      throw new Error('disk full');
    };
    writeLine({ debug: broken, info: broken, warn: broken, error: broken }, 'error', 'x', undefined, {});
    await settled();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('is lost when its logger throws or its context cannot be read, and nothing else is', () => {
    const broken = () => {
      throw new Error('disk full');
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    expect(() => writeLine(logger, 'error', 'x', undefined, {})).not.toThrow();
    const trap = Object.defineProperty({}, 'operation', { get: broken });
    const { logger: working, lines } = recordLines();
    expect(() => writeLine(working, 'error', 'x', trap, {})).not.toThrow();
    expect(lines).toEqual([]);
  });
});

describe('an error in a line', () => {
  class TeapotError extends Error {
    override readonly name = 'TeapotError';
  }

  it.each<[string, unknown, string]>([
    ['its code', Object.assign(new Error('secret'), { code: '23505' }), '23505'],
    ['the code nearest to the surface', new Error('x', { cause: { code: '08006' } }), '08006'],
    ['the name of its kind when it has no code', new TeapotError('secret'), 'TeapotError'],
    [
      'the name of its kind when its code is empty',
      Object.assign(new TeapotError(), { code: '' }),
      'TeapotError',
    ],
    [
      'the name of its kind when its code is a number',
      Object.assign(new TypeError(), { code: 5 }),
      'TypeError',
    ],
    ['what it is when its name is empty', Object.assign(new Error('secret'), { name: '' }), 'object'],
    ['what it is when its name is no text', Object.assign(new Error('secret'), { name: 42 }), 'object'],
    ['what it is when it is no Error', { name: 'secret', message: 'secret' }, 'object'],
    ['what it is when it is a text', 'secret', 'string'],
    ['what it is when it is nothing', undefined, 'undefined'],
    ['what it is when it is null', null, 'object'],
    [
      'its kind when its code is no code',
      Object.assign(new Error(), { code: 'bob@example.com owes 12' }),
      'Error',
    ],
    [
      'its kind when its code is too long for one',
      Object.assign(new Error(), { code: 'x'.repeat(65) }),
      'Error',
    ],
    ['its code up to 64 characters', Object.assign(new Error(), { code: 'x'.repeat(64) }), 'x'.repeat(64)],
    ['what it is when its name is a sentence', Object.assign(new Error(), { name: 'Bob owes 12' }), 'object'],
  ])('is shown by %s', (_, error, code) => {
    expect(renderCode(error)).toBe(code);
  });

  it('is shown although its fields cannot be read', () => {
    const get = () => {
      throw new Error('a trap');
    };
    const trap = Object.defineProperties(new Error('secret'), {
      code: { get },
      name: { get },
      cause: { get },
    });
    expect(renderCode(trap)).toBe('object');
  });
});
