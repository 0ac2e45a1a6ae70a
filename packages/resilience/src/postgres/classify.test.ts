import { classify, type Verdict } from './classify';
import { PHASES, type Phase, readPhase, tagPhase } from './phase';
import { isTransient, isUnavailable } from './predicates';

const serverError = (code: string, severity = 'ERROR', routine?: string) =>
  Object.assign(new Error('from the server'), { code, severity, routine });
const codeless = (message: string) => new Error(message);
const verdicts = (error: unknown): Verdict[] => PHASES.map((phase) => classify(error, phase).verdict);

const R = 'retry';
const T = 'retry-transaction';
const I = 'retry-if-idempotent';
const U = 'unknown';
const N = 'never';
const O = 'opt-in';

describe('classify', () => {
  //                                                    acquire read write inTx commit
  const table: readonly [string, unknown, readonly Verdict[]][] = [
    ['40001', serverError('40001'), [R, R, R, T, T]],
    ['40P01', serverError('40P01'), [R, R, R, T, T]],
    ['FATAL 40001', serverError('40001', 'FATAL'), [R, R, I, T, U]],
    ['40003', serverError('40003'), [R, I, I, T, U]],
    ['08007', serverError('08007'), [R, I, I, T, U]],
    ['55P03', serverError('55P03'), [N, O, O, O, N]],
    ['57014', serverError('57014'), [N, N, N, N, N]],
    ['57P01', serverError('57P01', 'FATAL'), [R, R, I, T, U]],
    ['57P02', serverError('57P02', 'FATAL'), [R, R, I, T, U]],
    ['57P03', serverError('57P03', 'FATAL'), [R, R, R, T, U]],
    ['53300', serverError('53300', 'FATAL'), [R, R, R, T, U]],
    ['57P05', serverError('57P05', 'FATAL'), [R, R, R, T, U]],
    ['25P03', serverError('25P03', 'FATAL'), [R, N, N, T, U]],
    ['25P04', serverError('25P04', 'FATAL'), [N, N, N, N, U]],
    ['53200', serverError('53200'), [R, R, R, T, N]],
    ['FATAL 53200', serverError('53200', 'FATAL'), [R, R, I, T, U]],
    ['53100', serverError('53100'), [R, R, R, T, N]],
    ['53400', serverError('53400'), [N, N, N, N, N]],
    ['08006', serverError('08006'), [R, R, I, T, U]],
    ['08P01', serverError('08P01'), [N, N, N, N, U]],
    ['08P01 FATAL of the server', serverError('08P01', 'FATAL', 'ProcessStartupPacket'), [N, N, N, N, U]],
    ['08P01 FATAL of a pooler', serverError('08P01', 'FATAL'), [R, R, I, T, U]],
    ['25006', serverError('25006'), [R, R, R, T, N]],
    ['25P02', serverError('25P02'), [N, N, N, N, N]],
    ['XX000', serverError('XX000'), [N, N, N, N, N]],
    ['FATAL XX000', serverError('XX000', 'FATAL'), [N, N, N, N, U]],
    ['XX000 in simple_heap_update', serverError('XX000', 'ERROR', 'simple_heap_update'), [R, R, R, T, N]],
    ['0A000', serverError('0A000'), [N, N, N, N, N]],
    [
      '0A000 in RevalidateCachedQuery',
      serverError('0A000', 'ERROR', 'RevalidateCachedQuery'),
      [R, R, R, T, N],
    ],
    ['28P01', serverError('28P01', 'FATAL'), [N, N, N, N, U]],
    ['3D000', serverError('3D000', 'FATAL'), [N, N, N, N, U]],
    ['23505', serverError('23505'), [N, N, N, N, N]],
    ['42P01', serverError('42P01'), [N, N, N, N, N]],
    ['ECONNREFUSED', { code: 'ECONNREFUSED', syscall: 'connect' }, [R, R, R, T, U]],
    ['ECONNRESET', { code: 'ECONNRESET', syscall: 'read' }, [R, R, I, T, U]],
    ['ETIMEDOUT while connecting', { code: 'ETIMEDOUT', syscall: 'connect' }, [R, R, R, T, U]],
    [
      'timeout exceeded when trying to connect',
      codeless('timeout exceeded when trying to connect'),
      [R, R, R, T, N],
    ],
    ['timeout expired', codeless('timeout expired'), [R, R, R, T, U]],
    ['Connection terminated unexpectedly', codeless('Connection terminated unexpectedly'), [R, R, I, T, U]],
    [
      'Client has encountered a connection error and is not queryable',
      codeless('Client has encountered a connection error and is not queryable'),
      [R, R, R, T, U],
    ],
    ['Query read timeout', codeless('Query read timeout'), [R, I, I, N, U]],
    ['Connection terminated', codeless('Connection terminated'), [N, N, N, N, U]],
    ['an error of the application', codeless('boom'), [N, N, N, N, U]],
  ];
  it.each(table)('reads %s by phase', (_, error, expected) => {
    expect(verdicts(error)).toEqual(expected);
  });

  it.each([
    ['40001', serverError('40001'), T],
    ['FATAL 40001', serverError('40001', 'FATAL'), I],
    ['08006', serverError('08006'), I],
    ['57P01', serverError('57P01', 'FATAL'), I],
    ['57P03', serverError('57P03', 'FATAL'), R],
    ['53200', serverError('53200'), T],
    ['53400', serverError('53400'), N],
    ['55P03', serverError('55P03'), O],
    ['23505', serverError('23505'), N],
    ['ECONNREFUSED', { code: 'ECONNREFUSED' }, R],
    ['ECONNRESET', { code: 'ECONNRESET' }, I],
    ['ECONNRESET while connecting', { code: 'ECONNRESET', syscall: 'connect' }, R],
    ['08P01', serverError('08P01'), N],
  ])('reads %s without a phase as what holds in every phase', (_, error, expected) => {
    expect(classify(error).verdict).toBe(expected);
  });

  it('is never freer without a phase than in the strictest phase in which the code occurs', () => {
    const freest: readonly Verdict[] = [R, T];
    for (const [, error] of table) {
      if (!freest.includes(classify(error).verdict)) continue;
      expect(classify(error, 'autocommit-write').verdict).toBe(R);
    }
  });

  it('knows that a COMMIT answered with an ERROR was not applied, and that a lost one is open', () => {
    expect(classify(serverError('23505'), 'commit').applied).toBe('no');
    expect(classify(serverError('08006'), 'commit').applied).toBe('unknown');
    expect(classify(serverError('57P01', 'FATAL'), 'in-transaction').applied).toBe('no');
    expect(classify(serverError('57P01', 'FATAL'), 'autocommit-write').applied).toBe('unknown');
  });

  it('evicts the connection on any FATAL, and the pool on a crash', () => {
    expect(classify(serverError('40001')).evict).toBe('keep');
    expect(classify(serverError('40001', 'FATAL')).evict).toBe('connection');
    expect(classify(serverError('57P02', 'FATAL')).evict).toBe('pool');
  });

  it('counts neither contention, constraint violations nor a full pool against the server', () => {
    for (const code of ['40001', '40P01', '23505', 'POOL_EXHAUSTED']) {
      expect(classify(serverError(code)).breaker).toBe('ignored');
    }
    expect(classify(serverError('57P01')).breaker).toBe('counts');
  });

  it('looks through cause, driverError and errors', () => {
    const inner = serverError('40001');
    expect(classify(new Error('a', { cause: new Error('b', { cause: inner }) })).code).toBe('40001');
    expect(classify({ driverError: inner }).code).toBe('40001');
    expect(classify(new AggregateError([inner])).code).toBe('40001');
    expect(classify(Object.assign(new Error('x'), { code: 'APP_FAILED', cause: inner })).code).toBe('40001');
  });

  it('takes the most cautious reading of an aggregate', () => {
    const refused = { code: 'ECONNREFUSED' };
    expect(classify(new AggregateError([refused, refused])).verdict).toBe(R);
    expect(classify(new AggregateError([refused, { code: 'ECONNRESET' }])).verdict).toBe(I);
    expect(classify(new AggregateError([refused, new Error('boom')])).verdict).toBe(N);
  });

  it('takes of every failure of an aggregate what it did', () => {
    const aggregate = new AggregateError([serverError('23505'), serverError('57P02', 'FATAL')]);
    expect(classify(aggregate, 'autocommit-write')).toMatchObject({
      verdict: 'never',
      applied: 'unknown',
      breaker: 'counts',
      evict: 'pool',
    });
    // Control: the first one alone did none of that.
    expect(classify(serverError('23505'), 'autocommit-write')).toMatchObject({
      applied: 'no',
      breaker: 'ignored',
      evict: 'keep',
    });
  });

  it('never searches in texts', () => {
    expect(classify(codeless('the Connection terminated unexpectedly, they said')).kind).toBe('unrecognized');
    expect(classify(codeless('ECONNREFUSED 40001 deadlock detected')).kind).toBe('unrecognized');
  });

  it('does not take an errno for a SQLSTATE, nor a key of Object for a code', () => {
    expect(classify({ code: 'EPERM' }).kind).toBe('unrecognized');
    expect(classify({ code: 'constructor' }).kind).toBe('unrecognized');
  });

  it('survives a circular cause', () => {
    const error = new Error('circular');
    error.cause = error;
    expect(classify(error).kind).toBe('unrecognized');
  });
});

describe('the phase of an error', () => {
  it('is the one it was tagged with first, also behind a wrapper', () => {
    const error = tagPhase(new Error('x'), 'acquire');
    tagPhase(error, 'commit');
    expect(readPhase(error)).toBe<Phase>('acquire');
    expect(readPhase(new Error('wrapped', { cause: error }))).toBe<Phase>('acquire');
    expect(Object.keys(error)).toEqual([]);
  });

  it('is told by the statement of a failed COMMIT', () => {
    expect(readPhase({ query: 'COMMIT', driverError: { code: '08006' } })).toBe<Phase>('commit');
    expect(readPhase({ query: 'select 1', driverError: { code: '08006' } })).toBeUndefined();
  });

  it('is COMMIT if any part of the error says so: what a wrapper is marked with must not make it look safe', () => {
    const lost = (phase: Phase) => tagPhase(serverError('08006'), phase);
    const wrapped = tagPhase(new Error('failed', { cause: lost('commit') }), 'in-transaction');
    const marked = tagPhase({ query: 'COMMIT', driverError: serverError('08006') }, 'in-transaction');
    for (const error of [wrapped, marked, new AggregateError([lost('autocommit-read'), lost('commit')])]) {
      expect(readPhase(error)).toBe<Phase>('commit');
      expect(classify(error, readPhase(error)).verdict).toBe('unknown');
    }
  });

  it('leaves frozen errors and primitives alone', () => {
    expect(() => tagPhase(Object.freeze(new Error()), 'commit')).not.toThrow();
    expect(tagPhase('text', 'commit')).toBe('text');
  });
});

describe('predicates', () => {
  it('call an error transient only where a retry is safe', () => {
    const lost = () => serverError('08006');
    expect(isTransient(lost())).toBe(false);
    expect(isTransient(tagPhase(lost(), 'autocommit-read'))).toBe(true);
    expect(isTransient(tagPhase(lost(), 'autocommit-write'))).toBe(false);
    expect(isTransient(tagPhase(lost(), 'in-transaction'))).toBe(true);
    expect(isTransient(tagPhase(lost(), 'commit'))).toBe(false);
    expect(isTransient(serverError('40001'))).toBe(true);
    expect(isTransient(serverError('23505'))).toBe(false);
  });

  it('call the server unavailable by what it said, not by what may be done', () => {
    expect(isUnavailable(tagPhase(serverError('08006'), 'commit'))).toBe(true);
    expect(isUnavailable({ code: 'ECONNREFUSED' })).toBe(true);
    expect(isUnavailable(serverError('40001'))).toBe(false);
    expect(isUnavailable(serverError('28P01', 'FATAL'))).toBe(false);
  });
});
