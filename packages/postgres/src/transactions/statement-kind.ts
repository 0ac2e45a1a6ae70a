import { isSingleStatement, readOperation } from '../pool/statement-text';

/** Statements that read or write, and therefore have taken the transaction's snapshot. */
const READ_OR_WRITE = 'SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE CALL DO EXECUTE'.split(' ');
const TAKES_SNAPSHOT: ReadonlySet<string> = new Set(READ_OR_WRITE);
/** Not among them: what takes the connection for itself, as COPY does, and what is unknown. */
const FOLLOWS_BEGIN: ReadonlySet<string> = new Set([...READ_OR_WRITE, 'LOCK', 'SAVEPOINT', 'SET']);

export function takesSnapshot(text: string): boolean {
  return TAKES_SNAPSHOT.has(readOperation(text));
}

/**
 * Whether a statement may go out under the Sync of BEGIN. A text that may be several statements cannot: with something in front of
 * it the server would not take it.
 * @param hasValues Whether the server takes the text as one statement, or not at all.
 */
export function mayFollowBegin(text: string, hasValues: boolean): boolean {
  return FOLLOWS_BEGIN.has(readOperation(text)) && (hasValues || isSingleStatement(text));
}
