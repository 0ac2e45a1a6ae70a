import { fakeClock } from '../clock/fake-clock';
import { TimeoutError } from '../timeout/timeout-error';
import { databaseCircuitBreaker } from './database-circuit-breaker';
import { isDatabaseFailure, isUniqueViolation, type ServerRole } from './predicates';

const failure = (code: string, severity = 'ERROR') => Object.assign(new Error(code), { code, severity });

describe('isDatabaseFailure', () => {
  it.each<[string, unknown]>([
    ['a terminated session', failure('57P01', 'FATAL')],
    ['a crash', failure('57P02', 'FATAL')],
    ['a server that starts', failure('57P03', 'FATAL')],
    ['too many clients', failure('53300', 'FATAL')],
    ['no memory', failure('53200')],
    ['a full disk', failure('53100')],
    ['corruption', failure('XX001')],
    ['a refused connection', failure('ECONNREFUSED')],
    ['a reset', failure('ECONNRESET')],
    ['our connect timeout', failure('CONNECT_TIMEOUT')],
    ['our own timeout: a black hole', new TimeoutError(500)],
    ['one behind a wrapper', new Error('query failed', { cause: failure('08006') })],
  ])('counts %s', (_, error) => {
    expect(isDatabaseFailure(error, 'writer')).toBe(true);
    expect(isDatabaseFailure(error, 'reader')).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a unique violation', failure('23505')],
    ['a serialization failure', failure('40001')],
    ['a deadlock', failure('40P01')],
    ['a lock timeout', failure('55P03')],
    ['a wrong password', failure('28P01', 'FATAL')],
    ['a concurrently updated tuple', Object.assign(failure('XX000'), { routine: 'simple_heap_update' })],
  ])('takes %s for an answer', (_, error) => {
    expect(isDatabaseFailure(error, 'writer')).toBe(false);
    expect(isDatabaseFailure(error, 'reader')).toBe(false);
  });

  it.each<[string, unknown]>([
    ['a statement timeout', failure('57014')],
    ['a full pool of ours', failure('POOL_EXHAUSTED')],
    ['our own shutdown', failure('POOL_CLOSED')],
    ['an idle connection that was closed', failure('57P05', 'FATAL')],
    ['a bug', new TypeError('undefined is not a function')],
  ])('learns nothing from %s', (_, error) => {
    expect(isDatabaseFailure(error, 'writer')).toBeUndefined();
    expect(isDatabaseFailure(error, 'reader')).toBeUndefined();
  });

  it('counts a read-only server against the writer alone', () => {
    expect(isDatabaseFailure(failure('25006'), 'writer')).toBe(true);
    expect(isDatabaseFailure(failure('25006'), 'reader')).toBe(false);
  });
});

describe('databaseCircuitBreaker', () => {
  async function stateAfter(error: unknown, role?: ServerRole): Promise<string> {
    const breaker = databaseCircuitBreaker({ clock: fakeClock(), minimumThroughput: 3, role });
    for (let call = 0; call < 3; call++) await breaker.execute(() => Promise.reject(error)).catch(() => {});
    return breaker.state;
  }

  it('opens when the server is down', async () => {
    expect(await stateAfter(failure('57P03', 'FATAL'))).toBe('open');
  });

  it('stays closed under contention', async () => {
    expect(await stateAfter(failure('40001'))).toBe('closed');
  });

  it('stands before the writer unless told otherwise', async () => {
    expect(await stateAfter(failure('25006'))).toBe('open');
    expect(await stateAfter(failure('25006'), 'reader')).toBe('closed');
  });

  it('is not closed by a pool of ours that is full', async () => {
    const clock = fakeClock();
    const breaker = databaseCircuitBreaker({ clock, minimumThroughput: 3, halfOpenPermits: 1 });
    const run = (error: unknown) => breaker.execute(() => Promise.reject(error)).catch(() => {});
    for (let call = 0; call < 3; call++) await run(failure('57P03', 'FATAL'));
    await clock.advance(5000);
    await run(failure('POOL_EXHAUSTED'));
    expect(breaker.state).toBe('half-open');
    // Control: an answer of the server closes it.
    await run(failure('23505'));
    expect(breaker.state).toBe('closed');
  });

  it('counts a statement that was cancelled as slow, if it was', async () => {
    const clock = fakeClock();
    const breaker = databaseCircuitBreaker({
      clock,
      minimumThroughput: 3,
      slowCallMs: 100,
      slowCallRatio: 0.5,
    });
    const cancelAfter = (ms: number) =>
      clock.runUntilSettled(
        breaker.execute(
          () => new Promise<never>((_, reject) => clock.schedule(() => reject(failure('57014')), ms)),
        ),
      );
    for (let call = 0; call < 20; call++) await cancelAfter(99).catch(() => {});
    expect(breaker.state).toBe('closed');
    for (let call = 0; call < 3; call++) await cancelAfter(100).catch(() => {});
    expect(breaker.state).toBe('open');
  });

  it('refuses a rule that would replace its own', () => {
    const options = { isFailure: () => true } as object;
    expect(() => databaseCircuitBreaker(options)).toThrow(expect.objectContaining({ option: 'isFailure' }));
    expect(() => databaseCircuitBreaker(null as unknown as object)).toThrow('must be an object');
  });

  it('refuses another role', () => {
    expect(() => databaseCircuitBreaker({ role: 'replica' as ServerRole })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', option: 'role', value: 'replica' }),
    );
  });
});

describe('isUniqueViolation', () => {
  const violation = Object.assign(failure('23505'), { constraint: 'uq_users_email' });

  it('knows the constraint, also behind a wrapper', () => {
    expect(isUniqueViolation(violation, 'uq_users_email')).toBe(true);
    expect(isUniqueViolation({ driverError: violation }, 'uq_users_email')).toBe(true);
  });

  it('takes no other constraint, and no other error, for it', () => {
    expect(isUniqueViolation(violation, 'uq_users_name')).toBe(false);
    expect(isUniqueViolation(failure('23505'), 'uq_users_email')).toBe(false);
    expect(isUniqueViolation(Object.assign(failure('23503'), { constraint: 'fk' }), 'fk')).toBe(false);
  });
});
