import { createAddedPredicate, isEstablishmentFailure, isTaggedTransient } from './transience';

const withCode = (code: unknown, more: object = {}) => Object.assign(new Error('down'), { code, ...more });
const refused = () => withCode('ECONNREFUSED');
const tagged = (transient: unknown, cause?: unknown) =>
  Object.assign(new Error('x', { cause }), { transient });

describe('a connection was never established', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])('when the code is %s', (code) => {
    expect(isEstablishmentFailure(withCode(code))).toBe(true);
    expect(isEstablishmentFailure(withCode(code, { syscall: 'read' }))).toBe(true);
  });

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])(
    'when connect failed with %s; on an open socket work may be lost',
    (code) => {
      expect(isEstablishmentFailure(withCode(code, { syscall: 'connect' }))).toBe(true);
      expect(isEstablishmentFailure(withCode(code, { syscall: 'read' }))).toBe(false);
      expect(isEstablishmentFailure(withCode(code))).toBe(false);
    },
  );

  it.each(['EACCES', '08006', '', undefined, 111])('not when the code is %p', (code) => {
    expect(isEstablishmentFailure(withCode(code, { syscall: 'connect' }))).toBe(false);
  });

  it('not when only something behind the error says so: that is asked by others', () => {
    expect(isEstablishmentFailure(new Error('x', { cause: refused() }))).toBe(false);
  });
});

describe('an error is transient', () => {
  it.each<[string, unknown, boolean]>([
    ['that is tagged so', tagged(true), true],
    ['that is tagged otherwise', tagged(false), false],
    ['that is tagged with a text', tagged('true'), false],
    ['of a refused connection with a tag that is no boolean', tagged('no', refused()), true],
    ['whose outer tag forbids what the inner allows', tagged(false, tagged(true)), false],
    ['whose outer tag allows what the inner forbids', tagged(true, tagged(false)), true],
    ['whose outer tag forbids a refused connection', tagged(false, refused()), false],
    ['whose cause is tagged', new Error('x', { cause: tagged(true) }), true],
    ['of a refused connection', refused(), true],
    ['whose cause is a refused connection', new Error('x', { cause: refused() }), true],
    ['whose driver error is one', Object.assign(new Error('x'), { driverError: refused() }), true],
    ['whose driver error is another', Object.assign(new Error('x'), { driverError: withCode('X') }), false],
    ['that is an aggregate of refused connections', new AggregateError([refused(), refused()]), true],
    ['that is an aggregate with one that got through', new AggregateError([refused(), new Error()]), false],
    ['that is an aggregate of one that got through, first', new AggregateError([{}, refused()]), false],
    ['that is an empty aggregate', new AggregateError([]), false],
    ['that joins nothing three times', { errors: Array.from({ length: 3 }) }, false],
    ['that joins holes', { errors: new Array(3) }, false],
    [
      'that is an empty aggregate because of a refused connection',
      new AggregateError([], 'x', { cause: refused() }),
      true,
    ],
    [
      'that is an aggregate with a code of its own and one that got through',
      Object.assign(new AggregateError([new Error()]), { code: 'ECONNREFUSED' }),
      false,
    ],
    ['that is an aggregate of aggregates', new AggregateError([new AggregateError([refused()])]), true],
    ['that is a text', 'ECONNREFUSED', false],
    ['that is nothing', undefined, false],
    ['that is null', null, false],
  ])('%s', (_, error, isTransient) => {
    expect(isTaggedTransient(error)).toBe(isTransient);
  });

  it('in whose aggregate the same refused connection stands behind every error', () => {
    const shared = refused();
    const wrap = () => new Error('x', { cause: shared });
    expect(isTaggedTransient(new AggregateError([shared, shared]))).toBe(true);
    expect(isTaggedTransient(new AggregateError([wrap(), wrap()]))).toBe(true);
    expect(isTaggedTransient(new AggregateError([wrap(), wrap(), new Error()]))).toBe(false);
  });

  it('not because of itself: a cycle proves nothing, and ends', () => {
    const cycle = new Error('x');
    cycle.cause = cycle;
    expect(isTaggedTransient(cycle)).toBe(false);
    const aggregate = new AggregateError([refused()]);
    aggregate.errors.push(aggregate);
    expect(isTaggedTransient(aggregate)).toBe(false);
  });

  it('not when what lies behind it never ends', () => {
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    expect(isTaggedTransient(endless())).toBe(false);
    let deep: Error = refused();
    for (let level = 0; level < 63; level++) deep = new Error('x', { cause: deep });
    expect(isTaggedTransient(deep)).toBe(true);
    expect(isTaggedTransient(new Error('x', { cause: deep }))).toBe(false);
  });

  it('even when a field of it cannot be read', () => {
    const guarded = Object.defineProperties(refused(), {
      transient: {
        get: () => {
          throw new Error('a trap');
        },
      },
    });
    expect(isTaggedTransient(guarded)).toBe(true);
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(isTaggedTransient(Object.assign(new Error('x'), { errors: proxy }))).toBe(false);
    expect(isTaggedTransient(proxy)).toBe(false);
  });
});

describe('what a caller adds', () => {
  it('is nothing by default', () => {
    expect(createAddedPredicate(undefined)(refused())).toBe(false);
  });

  it('is a code, wherever in the error it stands', () => {
    const isAdded = createAddedPredicate(['E_BUSY', 'E_FULL']);
    expect(isAdded(withCode('E_BUSY'))).toBe(true);
    expect(isAdded(new AggregateError([new Error(), withCode('E_FULL')]))).toBe(true);
    expect(isAdded(withCode('E_OTHER'))).toBe(false);
    expect(isAdded(new Error('E_BUSY'))).toBe(false);
    expect(isAdded('E_BUSY')).toBe(false);
  });

  it('is read once: a list that is changed later changes nothing', () => {
    const codes = ['E_BUSY'];
    const isAdded = createAddedPredicate(codes);
    codes.push('E_FULL');
    expect(isAdded(withCode('E_FULL'))).toBe(false);
  });

  it('is nothing when the list is empty, not even an error without a code', () => {
    expect(createAddedPredicate([])(new Error())).toBe(false);
  });

  it('is what a predicate answers with true', () => {
    const isAdded = createAddedPredicate((error) => error === 1);
    expect(isAdded(1)).toBe(true);
    expect(isAdded(2)).toBe(false);
  });
});
