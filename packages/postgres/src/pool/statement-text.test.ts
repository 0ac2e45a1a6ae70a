import {
  endsTransaction,
  isSingleStatement,
  leavesFailure,
  readOperation,
  returnsToSavepoint,
  setsTransaction,
  startsTransaction,
} from './statement-text';

describe('the text of a statement', () => {
  it.each([
    'COMMIT',
    'commit',
    ' \n commit;',
    'COMMIT WORK',
    'COMMIT AND CHAIN',
    'END',
    'end transaction',
    '/* who */ -- why\n COMMIT',
  ])('commits: %p', (text) => {
    expect(endsTransaction(text)).toBe(true);
  });

  it.each(["COMMIT PREPARED 'x'", 'ROLLBACK', 'ENDPOINT', 'committed', "SELECT 'COMMIT'", ''])(
    'does not commit: %p',
    (text) => {
      expect(endsTransaction(text)).toBe(false);
    },
  );

  it('opens a transaction by BEGIN and START TRANSACTION', () => {
    expect(
      ['BEGIN', 'begin isolation level serializable', 'START  TRANSACTION'].every(startsTransaction),
    ).toBe(true);
    expect(['BEGINNING', 'START', 'SELECT 1'].some(startsTransaction)).toBe(false);
  });

  it('leaves a failure by ROLLBACK, to a savepoint or altogether', () => {
    expect(['ROLLBACK', 'ROLLBACK TO SAVEPOINT a', 'abort'].every(leavesFailure)).toBe(true);
    expect(['RELEASE SAVEPOINT a', 'COMMIT', 'rollbacks'].some(leavesFailure)).toBe(false);
  });

  it.each([
    ['select 1', 'SELECT'],
    ['/* who asks */ -- and why\n  Insert into t', 'INSERT'],
    ['(SELECT 1) UNION (SELECT 2)', 'SELECT'],
    ['WITH x AS (SELECT 1) SELECT', 'WITH'],
    ['', ''],
    ['/* never closed', ''],
    ['/**//* * ** /*/ ( -- why\n (SELECT 1))', 'SELECT'],
    // With parts that can be read in more ways than one, this would take longer than the universe has.
    [`${'/**/'.repeat(200)}1`, ''],
  ])('names its operation: %p', (text, operation) => {
    expect(readOperation(text)).toBe(operation);
  });

  it('goes back to a savepoint, or out of the transaction', () => {
    const back = ['ROLLBACK TO a', 'rollback to savepoint a', 'ROLLBACK WORK TO a', 'abort transaction to a'];
    expect(back.every(returnsToSavepoint)).toBe(true);
    const out = ['ROLLBACK', 'ROLLBACK -- to the start', 'ROLLBACK WORK', "ROLLBACK PREPARED 'to'"];
    expect(out.some(returnsToSavepoint)).toBe(false);
  });

  it('is certainly one statement, or may be more', () => {
    expect(['SELECT 1', 'SELECT 1;', 'SELECT 1 ;\n '].every(isSingleStatement)).toBe(true);
    expect(['SELECT 1; COMMIT', "SELECT ';x'"].some(isSingleStatement)).toBe(false);
  });

  it('sets how the transaction goes on', () => {
    const setting = [
      'SET TRANSACTION READ WRITE',
      'set local transaction_read_only = off',
      '/* a */ SET transaction_isolation = 1',
    ];
    expect(setting.every(setsTransaction)).toBe(true);
    expect(['SET LOCAL statement_timeout = 1', 'SELECT 1'].some(setsTransaction)).toBe(false);
  });
});
