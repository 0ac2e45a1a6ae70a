/** The commands of PostgreSQL 18 by their first word, and ABORT and END, which are other words for ROLLBACK and COMMIT. */
const COMMANDS: ReadonlySet<string> = new Set(
  `ABORT ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO
  DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX
  RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES
  WITH`.split(/\s+/),
);

/** The command of a statement, or `OTHER`: text that begins with anything else would make a series per text. */
export function readOperationName(operation: string): string {
  return COMMANDS.has(operation) ? operation : 'OTHER';
}
