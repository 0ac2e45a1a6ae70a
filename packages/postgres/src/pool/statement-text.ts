/** Whether a statement commits: `COMMIT` or `END`, but not `COMMIT PREPARED`, which belongs to no open transaction. */
export function endsTransaction(text: string): boolean {
  return mayBeginWith(text, 'ce') && COMMIT.test(text);
}

/** Whether a statement opens a transaction. */
export function startsTransaction(text: string): boolean {
  return mayBeginWith(text, 'bs') && START.test(text);
}

/** Whether a statement leaves a failed transaction, or the failed part of one. */
export function leavesFailure(text: string): boolean {
  return mayBeginWith(text, 'ra') && ROLLBACK.test(text);
}

/** Whether a statement leaves no more than a part of a transaction. */
export function returnsToSavepoint(text: string): boolean {
  return TO_SAVEPOINT.test(text);
}

/** Whether a text is certainly one statement: where a semicolon stands inside a literal, this says no. */
export function isSingleStatement(text: string): boolean {
  return !/;\s*\S/.test(text);
}

/** Whether a statement changes how a transaction that has begun goes on, such as `SET TRANSACTION READ WRITE`. */
export function setsTransaction(text: string): boolean {
  return SET_TRANSACTION.test(text);
}

/** Reads the first word of a statement in capitals, past comments; empty when there is none. */
export function readOperation(text: string): string {
  let end = 0;
  while (isLetter(text.charCodeAt(end))) end += 1;
  // Most begin with it, and need no regular expression.
  if (end > 0) return text.slice(0, end).toUpperCase();
  return WORD.exec(text)?.[1]?.toUpperCase() ?? '';
}

/** Spares nearly all statements a regular expression: they begin with another letter. */
function mayBeginWith(text: string, letters: string): boolean {
  const code = text.charCodeAt(0);
  return !isLetter(code) || letters.includes(String.fromCharCode(code | SMALL));
}

function isLetter(code: number): boolean {
  const small = code | SMALL;
  return small >= CODE_OF_A && small <= CODE_OF_Z;
}

/** The bit that makes a letter a small one. */
const SMALL = 0x20;
const CODE_OF_A = 97;
const CODE_OF_Z = 122;

/** What may stand before the first word. Each part can be read in one way only, so that no text takes long. */
function before(space: string): string {
  return String.raw`^(?:${space}|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*`;
}

const START_OF_TEXT = before(String.raw`\s`);
const COMMIT = new RegExp(String.raw`${START_OF_TEXT}(?:commit|end)\b(?!\s+prepared\b)`, 'i');
const START = new RegExp(String.raw`${START_OF_TEXT}(?:begin|start\s+transaction)\b`, 'i');
const ROLLBACK = new RegExp(String.raw`${START_OF_TEXT}(?:rollback|abort)\b`, 'i');
const TO_SAVEPOINT = new RegExp(
  String.raw`${START_OF_TEXT}(?:rollback|abort)(?:\s+work|\s+transaction)?\s+to\b`,
  'i',
);
const SET_TRANSACTION = new RegExp(
  String.raw`${START_OF_TEXT}set\s+(?:(?:local|session)\s+)?transaction`,
  'i',
);
const WORD = new RegExp(`${before(String.raw`[\s(]`)}([a-z]+)`, 'i');
