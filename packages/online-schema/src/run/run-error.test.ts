import { QueryFailedError, type QueryRunner } from 'typeorm';
import { runStep } from '../migration/steps';
import { MigrationFailedError } from './run-error';

const fail = (error: Error) => async () => {
  throw error;
};

describe('MigrationFailedError', () => {
  it('names the innermost of the steps that failed, and no step for what came after them', async () => {
    const runner = {} as QueryRunner;
    const cause = new Error('full');
    const inner = () => runStep(runner, 'build index', 'idx_part', fail(cause));
    await expect(runStep(runner, 'build index', 'idx_whole', inner)).rejects.toBe(cause);
    expect(new MigrationFailedError('M1', cause).step).toEqual({ action: 'build index', name: 'idx_part' });
    const outer = new Error('gave up', { cause });
    expect(new MigrationFailedError('M1', outer).step).toMatchObject({ name: 'idx_part' });
    expect(new MigrationFailedError('M1', new Error('another')).step).toBeNull();
  });

  it('has what the server refused in one line of 200 characters, without its parameters', () => {
    const refused = new QueryFailedError(
      `update t\n  set a = $1, ${'b, '.repeat(200)}`,
      ['secret'],
      new Error('no'),
    );
    const { statement, message } = new MigrationFailedError('M1', new Error('gave up', { cause: refused }));
    expect(statement).toMatch(/^update t set a = \$1, b, .*…$/);
    expect(statement).toHaveLength(201);
    expect(message).toBe('M1: gave up');
    expect(`${message} ${statement}`).not.toContain('secret');
    expect(new MigrationFailedError('M1', new Error('no statement')).statement).toBeNull();
  });

  it('names the migration once, and ends with an error that is its own cause', () => {
    const cause = new Error('M1: no lock');
    cause.cause = cause;
    expect(new MigrationFailedError('M1', cause).message).toBe('M1: no lock');
    expect(new MigrationFailedError('M1', 'nothing').message).toBe('M1: nothing');
  });
});
