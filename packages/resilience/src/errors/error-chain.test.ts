import { listErrorChain, MAX_LINKS, readErrorCode, readField } from './error-chain';

const trap = (): never => {
  throw new Error('a trap');
};

describe('the chain of an error', () => {
  it('is the error and what its cause, driver error and errors hide, the nearest first', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => new Error(name));
    const driver = Object.assign(new Error('driver'), { cause: d });
    const outer = Object.assign(new AggregateError([b, c], 'outer', { cause: a }), { driverError: driver });
    const chain = listErrorChain(outer);
    expect(chain.map((link) => (link as Error).message)).toEqual(['outer', 'a', 'driver', 'b', 'c', 'd']);
    expect(chain[0]).toBe(outer);
  });

  it.each([undefined, null, 'text', 5, true, Symbol('x'), () => {}])('of %p is empty', (error) => {
    expect(listErrorChain(error)).toEqual([]);
  });

  it('takes objects that are no errors, and leaves out what is no object', () => {
    const inner = { code: 'x' };
    expect(listErrorChain({ cause: inner, driverError: 'text', errors: 'texts' })).toHaveLength(2);
    expect(listErrorChain(new AggregateError(['text', undefined, inner]))).toHaveLength(2);
  });

  it('lists each link once, and ends when links lead back', () => {
    const shared = new Error('shared');
    const outer = Object.assign(new AggregateError([shared, shared], 'x', { cause: shared }), {
      driverError: shared,
    });
    expect(listErrorChain(outer)).toEqual([outer, shared]);
    shared.cause = outer;
    expect(listErrorChain(outer)).toHaveLength(2);
    const own = new Error('own');
    own.cause = own;
    expect(listErrorChain(own)).toEqual([own]);
  });

  it('goes on behind fields that cannot be read', () => {
    const seen = new Error('seen');
    const guarded = Object.defineProperties(new Error('outer'), {
      cause: { get: trap },
      errors: { get: trap },
      driverError: { get: () => seen },
    });
    expect(listErrorChain(guarded)).toEqual([guarded, seen]);
  });

  it('reads fields that are inherited or computed', () => {
    const inner = new Error('inner');
    class Wrapper extends Error {
      override get cause(): unknown {
        return inner;
      }
    }
    expect(listErrorChain(new Wrapper('x'))).toHaveLength(2);
  });

  it('ends after 64 links, which is more than wrappers nest: what goes on is made anew at each look', () => {
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    expect(listErrorChain(endless())).toHaveLength(MAX_LINKS);
    expect(MAX_LINKS).toBe(64);
  });

  it('survives an aggregate of a million errors', () => {
    const errors = Array.from({ length: 1_000_000 });
    errors[0] = { code: 'FIRST' };
    const aggregate = new AggregateError([]);
    aggregate.errors = errors;
    expect(readErrorCode(aggregate)).toBe('FIRST');
  });

  it('survives an error that is a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
    revoke();
    expect(listErrorChain(proxy)).toHaveLength(1);
    expect(listErrorChain(new AggregateError([proxy]))).toHaveLength(2);
    const behind = new Error('x');
    Object.assign(behind, { errors: proxy });
    expect(listErrorChain(behind)).toEqual([behind]);
  });
});

describe('the code of an error', () => {
  it.each<[string, unknown, string | undefined]>([
    ['its own', { code: 'OWN', cause: { code: 'INNER' } }, 'OWN'],
    ['the nearest behind it', { cause: { cause: { code: 'DEEP' } }, driverError: { code: 'NEAR' } }, 'NEAR'],
    ['not empty', { code: '', cause: { code: 'INNER' } }, 'INNER'],
    ['a text', { code: 42, cause: { code: 'INNER' } }, 'INNER'],
    ['undefined when there is none', new Error('x'), undefined],
    ['undefined for what is no object', 'ECONNREFUSED', undefined],
  ])('is %s', (_, error, code) => {
    expect(readErrorCode(error)).toBe(code);
  });
});

describe('a field of an error', () => {
  it('reads as undefined when it is missing or cannot be read', () => {
    expect(readField({ code: 'x' }, 'code')).toBe('x');
    expect(readField({}, 'code')).toBeUndefined();
    expect(readField(Object.defineProperty({}, 'code', { get: trap }), 'code')).toBeUndefined();
    expect(readField(new Proxy({}, { get: trap }), 'code')).toBeUndefined();
  });
});
