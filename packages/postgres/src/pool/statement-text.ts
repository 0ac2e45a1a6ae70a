/** Whether a statement commits: `COMMIT` or `END`, but not `COMMIT PREPARED`, which belongs to no open transaction. */
export function endsTransaction(text: string): boolean {
  return COMMIT.test(text);
}

/** Whether a statement opens a transaction. */
export function startsTransaction(text: string): boolean {
  return START.test(text);
}

/** Whether a statement leaves a failed transaction, or the failed part of one. */
export function leavesFailure(text: string): boolean {
  return ROLLBACK.test(text);
}

/** Reads the first word of a statement in capitals, past comments; empty when there is none. */
export function readOperation(text: string): string {
  return WORD.exec(text)?.[1]?.toUpperCase() ?? '';
}

/** What may stand before the first word. Each part can be read in one way only, so that no text takes long. */
function before(space: string): string {
  return String.raw`^(?:${space}|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*`;
}

const START_OF_TEXT = before(String.raw`\s`);
const COMMIT = new RegExp(String.raw`${START_OF_TEXT}(?:commit|end)\b(?!\s+prepared\b)`, 'i');
const START = new RegExp(String.raw`${START_OF_TEXT}(?:begin|start\s+transaction)\b`, 'i');
const ROLLBACK = new RegExp(String.raw`${START_OF_TEXT}(?:rollback|abort)\b`, 'i');
const WORD = new RegExp(`${before(String.raw`[\s(]`)}([a-z]+)`, 'i');
