import { createReadSession, noteStatement, withReadSession } from './read-session';

function leavesTrace(text: string): boolean {
  const session = createReadSession();
  withReadSession(session, () => noteStatement(text));
  return session.needsPrimary;
}

describe('a read session', () => {
  it.each([
    'INSERT INTO note VALUES (1)',
    'UPDATE note SET text = $1',
    'COPY note FROM STDIN',
    'BEGIN; INSERT INTO note VALUES (1); COMMIT',
    'SELECT 1; DELETE FROM note',
    ';DELETE FROM note',
    'WITH gone AS (DELETE FROM note RETURNING id) SELECT * FROM gone',
    'SELECT 1 AS one INTO another',
    'EXPLAIN ANALYZE UPDATE note SET text = $1',
    `COMMIT PREPARED 'a'`,
    'CALL fill()',
    'REFRESH MATERIALIZED VIEW sums',
  ])('sends the reads after it to the primary: %s', (text) => {
    expect(leavesTrace(text)).toBe(true);
  });

  it.each([
    'SELECT "note"."updatedAt" FROM "note" WHERE "note"."id" = $1',
    'SELECT "delete"."id" FROM "delete"',
    '(SELECT 1)',
    'WITH one AS (SELECT 1) SELECT * FROM one',
    'SELECT 1 FROM note FOR UPDATE',
    'SELECT 1 FROM note FOR NO KEY UPDATE',
    'START TRANSACTION',
    'COMMIT',
    'EXPLAIN SELECT 1',
  ])('is not concerned: %s', (text) => {
    expect(leavesTrace(text)).toBe(false);
  });

  it('is where the code runs that was started in it, and nowhere else', async () => {
    const session = createReadSession();
    await withReadSession(session, async () => {
      await new Promise(setImmediate);
      noteStatement('DELETE FROM note');
    });
    expect(session.needsPrimary).toBe(true);
    noteStatement('DELETE FROM note');
  });

  it('that does not know what it must see is carried on as one that does not, however often', () => {
    const session = createReadSession({ lsn: '0/20' });
    session.noteWrite();
    const next = createReadSession({ lsn: createReadSession({ lsn: session.lsn }).lsn });
    expect(next.needsPrimary).toBe(true);
    expect(next.position).toBe(0n);
    expect(createReadSession({ lsn: '0/20' }).needsPrimary).toBe(false);
  });

  it('remembers the furthest position', () => {
    const session = createReadSession({ lsn: '0/20' });
    session.noteCommit('0/30');
    session.noteCommit('0/10');
    expect(session.lsn).toBe('0/30');
    expect(session.position).toBe(0x30n);
  });
});
