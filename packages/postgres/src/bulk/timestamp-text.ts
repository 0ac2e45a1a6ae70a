import { defaults } from 'pg';
import { renderValue } from './text-value';

const [FIRST_YEAR, LAST_YEAR] = [1, 9_999];
const [ZERO, PLUS, DASH, DOT, COLON, LETTER_T] = [0x30, 0x2b, 0x2d, 0x2e, 0x3a, 0x54];
const [COMMA, OPEN, CLOSE] = [0x2c, 0x7b, 0x7d];

/** Of a date with a year of four digits. */
export const TIMESTAMP_CHARACTERS = '0000-00-00T00:00:00.000+00:00'.length;

/** The digits are those of the date that was rendered last. */
const TEXT = Buffer.alloc(TIMESTAMP_CHARACTERS);

/**
 * The text that node-postgres makes of a date, to the letter, in less than half of the time. It is in the time zone of the process, with its offset,
 * so that a column without a time zone gets the same as well. Years that need more than four digits or an era, dates that are none, and
 * all of them where node-postgres is told to write UTC, are left to it.
 */
export function renderTimestamp(date: Date): string {
  const year = date.getFullYear();
  if (!isWritable(year)) return renderValue(date) as string;
  writeTimestamp(TEXT, 0, date, year);
  return TEXT.toString('latin1');
}

/**
 * An array literal of dates in milliseconds, in one piece; undefined where one of them is left to node-postgres. A text for each would take longer than its digits.
 */
export function renderTimestamps(moments: readonly (number | null)[]): string | undefined {
  const literal = Buffer.allocUnsafe(moments.length * (TIMESTAMP_CHARACTERS + 1) + 1);
  let at = 0;
  for (const ms of moments) {
    literal[at] = at === 0 ? OPEN : COMMA;
    at += 1;
    if (ms === null) {
      at += literal.write('NULL', at, 'latin1');
      continue;
    }
    const date = new Date(ms);
    const year = date.getFullYear();
    if (!isWritable(year)) return undefined;
    writeTimestamp(literal, at, date, year);
    at += TIMESTAMP_CHARACTERS;
  }
  literal[at] = CLOSE;
  return literal.toString('latin1', 0, at + 1);
}

function isWritable(year: number): boolean {
  return year >= FIRST_YEAR && year <= LAST_YEAR && !defaults.parseInputDatesAsUTC;
}

function writeTimestamp(text: Buffer, at: number, date: Date, year: number): void {
  writeTwo(text, at, Math.floor(year / 100));
  writeTwo(text, at + 2, year % 100);
  text[at + 4] = text[at + 7] = DASH;
  writeTwo(text, at + 5, date.getMonth() + 1);
  writeTwo(text, at + 8, date.getDate());
  text[at + 10] = LETTER_T;
  writeTwo(text, at + 11, date.getHours());
  text[at + 13] = text[at + 16] = COLON;
  writeTwo(text, at + 14, date.getMinutes());
  writeTwo(text, at + 17, date.getSeconds());
  const ms = date.getMilliseconds();
  text[at + 19] = DOT;
  writeTwo(text, at + 20, Math.floor(ms / 10));
  text[at + 22] = ZERO + (ms % 10);
  writeOffset(text, at + 23, date.getTimezoneOffset());
}

/** @param minutes To the west. */
function writeOffset(text: Buffer, at: number, minutes: number): void {
  const size = Math.abs(minutes);
  text[at] = minutes > 0 ? DASH : PLUS;
  writeTwo(text, at + 1, Math.floor(size / 60));
  text[at + 3] = COLON;
  writeTwo(text, at + 4, size % 60);
}

function writeTwo(text: Buffer, at: number, number: number): void {
  const tens = Math.floor(number / 10);
  text[at] = ZERO + tens;
  text[at + 1] = ZERO + number - tens * 10;
}
