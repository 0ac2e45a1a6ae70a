import { defaults } from 'pg';
import { renderValue } from './text-value';

const [FIRST_YEAR, LAST_YEAR] = [1, 9_999];
const [ZERO, PLUS, DASH] = [0x30, 0x2b, 0x2d];

/** The digits are those of the date that was rendered last. */
const TEXT = Buffer.from('0000-00-00T00:00:00.000+00:00', 'latin1');

/**
 * The text that node-postgres makes of a date, to the letter, in less than half of the time. It is in the time zone of the process, with its offset,
 * so that a column without a time zone gets the same as well. Years that need more than four digits or an era, dates that are none, and
 * all of them where node-postgres is told to write UTC, are left to it.
 */
export function renderTimestamp(date: Date): string {
  const year = date.getFullYear();
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR) || defaults.parseInputDatesAsUTC) {
    return renderValue(date) as string;
  }
  writeTwo(0, Math.floor(year / 100));
  writeTwo(2, year % 100);
  writeTwo(5, date.getMonth() + 1);
  writeTwo(8, date.getDate());
  writeTwo(11, date.getHours());
  writeTwo(14, date.getMinutes());
  writeTwo(17, date.getSeconds());
  const ms = date.getMilliseconds();
  writeTwo(20, Math.floor(ms / 10));
  TEXT[22] = ZERO + (ms % 10);
  writeOffset(date.getTimezoneOffset());
  return TEXT.toString('latin1');
}

/** @param minutes To the west. */
function writeOffset(minutes: number): void {
  const size = Math.abs(minutes);
  TEXT[23] = minutes > 0 ? DASH : PLUS;
  writeTwo(24, Math.floor(size / 60));
  writeTwo(27, size % 60);
}

function writeTwo(at: number, number: number): void {
  const tens = Math.floor(number / 10);
  TEXT[at] = ZERO + tens;
  TEXT[at + 1] = ZERO + number - tens * 10;
}
