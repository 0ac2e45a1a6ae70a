import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { INTEGER } from './canonical-key';

/** As `uuid_in` of PostgreSQL reads it: a hyphen may follow every four digits, and braces may surround them all. */
const UUID = /^(?:(?:[\da-f]{4}-?){7}[\da-f]{4}|\{(?:[\da-f]{4}-?){7}[\da-f]{4}\})$/i;

/** Integers of this magnitude fit, and the negative one beyond it. */
const MAXIMA: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

/**
 * Whether a column could hold what this text says. It leans towards yes: only uuid and integer columns tell, and of the
 * ways to write an integer those in other bases or with underscores, which are not compared by value, are none here.
 */
export function isPossible(column: ColumnMetadata, text: string): boolean {
  let test = TESTS.get(column);
  if (test === undefined) {
    test = createTest(column);
    TESTS.set(column, test);
  }
  return test(text);
}

type Test = (text: string) => boolean;

/** A column's metadata lives as long as its DataSource. */
const TESTS = new WeakMap<ColumnMetadata, Test>();

function createTest(column: ColumnMetadata): Test {
  if (column.isArray) return () => true;
  const type = column.entityMetadata.dataSource.driver.normalizeType(column);
  if (type === 'uuid') return (text) => isUsualUuid(text) || UUID.test(text);
  const max = MAXIMA[type];
  return max === undefined ? () => true : (text) => isIntegerUpTo(max, text);
}

const USUAL_UUID_LENGTH = 36;
const [HYPHEN, ZERO, NINE, SMALL_A, SMALL_F] = [0x2d, 0x30, 0x39, 0x61, 0x66];
/** The bit that makes a letter a small one. */
const SMALL = 0x20;

/** Whether it is one as the server writes it: such a text needs no regular expression, which would take several times as long. */
function isUsualUuid(text: string): boolean {
  if (text.length !== USUAL_UUID_LENGTH) return false;
  for (let at = 0; at < USUAL_UUID_LENGTH; at += 1) {
    const code = text.charCodeAt(at);
    const isFit = code === HYPHEN ? isHyphenPlace(at) : isHexDigit(code) && !isHyphenPlace(at);
    if (!isFit) return false;
  }
  return true;
}

function isHyphenPlace(at: number): boolean {
  return at === 8 || at === 13 || at === 18 || at === 23;
}

function isHexDigit(code: number): boolean {
  if (code <= NINE) return code >= ZERO;
  const small = code | SMALL;
  return small >= SMALL_A && small <= SMALL_F;
}

function isIntegerUpTo(max: bigint, text: string): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text);
  return value <= max && value >= -max - 1n;
}
