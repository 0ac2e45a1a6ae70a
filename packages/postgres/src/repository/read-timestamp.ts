import parseDate from 'postgres-date';

const [ZERO, NINE] = [0x30, 0x39];
const [DASH, PLUS, COLON, DOT, SPACE] = [0x2d, 0x2b, 0x3a, 0x2e, 0x20];
/** `2026-11-26 10:46:02` */
const SECONDS_END = 19;
/** Below it, the functions of Date mean a year of the last century. */
const FIRST_PLAIN_YEAR = 100;

/**
 * Reads a timestamp with time zone as node-postgres does, without its regular expressions: two thirds of the time that a row
 * of 20 columns takes. What has an unusual form, such as `infinity` or a year before Christ, is left to `postgres-date`.
 */
export function readTimestamptz(text: string): unknown {
  const end = text.length;
  const fractionEnd = findFractionEnd(text);
  const sign = text.charCodeAt(fractionEnd);
  if (!hasUsualForm(text) || (sign !== PLUS && sign !== DASH)) return parseDate(text);
  let offset = readTwo(text, fractionEnd + 1) * 3_600_000;
  if (fractionEnd + 3 !== end) {
    if (fractionEnd + 6 !== end || text.charCodeAt(fractionEnd + 3) !== COLON) return parseDate(text);
    offset += readTwo(text, fractionEnd + 4) * 60_000;
  }
  const utcMs = Date.UTC(
    readTwo(text, 0) * 100 + readTwo(text, 2),
    readTwo(text, 5) - 1,
    readTwo(text, 8),
    readTwo(text, 11),
    readTwo(text, 14),
    readTwo(text, 17),
    readMilliseconds(text, fractionEnd),
  );
  const ms = sign === PLUS ? utcMs - offset : utcMs + offset;
  return Number.isNaN(ms) ? parseDate(text) : new Date(ms);
}

/** The same for a timestamp without time zone, which node-postgres takes for one of the process's own. */
export function readTimestamp(text: string): unknown {
  const fractionEnd = findFractionEnd(text);
  if (!hasUsualForm(text) || fractionEnd !== text.length) return parseDate(text);
  const date = new Date(
    readTwo(text, 0) * 100 + readTwo(text, 2),
    readTwo(text, 5) - 1,
    readTwo(text, 8),
    readTwo(text, 11),
    readTwo(text, 14),
    readTwo(text, 17),
    readMilliseconds(text, fractionEnd),
  );
  return Number.isNaN(date.getTime()) ? parseDate(text) : date;
}

/** Four digits of year, and its separators where they belong. Digits that are none become NaN. */
function hasUsualForm(text: string): boolean {
  return (
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    text.charCodeAt(10) === SPACE &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON &&
    readTwo(text, 0) * 100 + readTwo(text, 2) >= FIRST_PLAIN_YEAR
  );
}

function findFractionEnd(text: string): number {
  if (text.charCodeAt(SECONDS_END) !== DOT) return SECONDS_END;
  let end = SECONDS_END + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

/** With its digits behind the point, of which Date takes no notice. */
function readMilliseconds(text: string, end: number): number {
  if (end === SECONDS_END) return 0;
  let value = 0;
  for (let at = SECONDS_END + 1; at < end; at += 1) value = value * 10 + text.charCodeAt(at) - ZERO;
  return 1_000 * (value / 10 ** (end - SECONDS_END - 1));
}

/** NaN where there are not two digits. */
function readTwo(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}
