import { requireStatementSettings, type StatementSettings } from './statement-settings';

describe('settings of statements', () => {
  it('have defaults, and keep what is given', () => {
    expect(requireStatementSettings({})).toEqual({ pooler: 'auto', maxPreparedStatements: 256 });
    const given: StatementSettings = { pooler: 'transaction-prepared', maxPreparedStatements: 0 };
    expect(requireStatementSettings(given)).toEqual(given);
  });

  it.each([
    [{ pooler: 'pgbouncer' }, 'pooler must be one of auto, none, session, transaction'],
    [{ maxPreparedStatements: -1 }, 'maxPreparedStatements must be an integer of at least 0'],
    [{ maxPreparedStatements: 10_001 }, 'of at most 10000'],
    [{ maxPreparedStatements: 1.5 }, 'maxPreparedStatements must be an integer'],
  ])('refuse %j', (settings, message) => {
    expect(() => requireStatementSettings(settings as StatementSettings)).toThrow(message);
  });
});
