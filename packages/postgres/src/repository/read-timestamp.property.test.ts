import fc from 'fast-check';
import parseDate from 'postgres-date';
import { readTimestamp, readTimestamptz } from './read-timestamp';

const digits = (max: number, width = 2) =>
  fc.integer({ min: 0, max }).map((n) => `${n}`.padStart(width, '0'));

/** As the server writes them; also years and days that no calendar has, which neither parser refuses. */
const moments = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: digits(9999, 4) },
      fc.constantFrom('0001', '0099', '0100', '1970', '10000'),
    ),
    ...([12, 31, 24, 60, 60] as const).map((max) => digits(max)),
  )
  .map(([year, month, day, hour, minute, second]) => `${year}-${month}-${day} ${hour}:${minute}:${second}`);
const fractions = fc.option(
  fc.integer({ min: 1, max: 6 }).chain((width) => digits(10 ** width - 1, width)),
  { nil: undefined },
);
const withoutZone = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(moments, fractions, fc.constantFrom('', '', ' BC'))
      .map(([moment, fraction, era]) => `${moment}${fraction === undefined ? '' : `.${fraction}`}${era}`),
  },
  fc.constantFrom('infinity', '-infinity', '2026-11-26', '', 'now', '2026-11-26 10:46:0x'),
);
const zones = fc
  .tuple(fc.constantFrom('+', '-'), digits(15), fc.option(digits(59)), fc.option(digits(59)))
  .map(([sign, hours, minutes, seconds]) =>
    [`${sign}${hours}`, minutes, minutes && seconds].filter((part) => part !== null).join(':'),
  );
const withZone = fc
  .tuple(withoutZone, fc.oneof({ weight: 9, arbitrary: zones }, fc.constant('')))
  .map(([text, zone]) => text.replace(/^(\d.*?)( BC)?$/, `$1${zone}$2`));

describe('a timestamp', () => {
  it.each([
    ['with time zone', readTimestamptz, withZone],
    ['without time zone', readTimestamp, withoutZone],
  ])('%s is read as node-postgres reads it', (_, read, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        expect({ text, value: read(text) }).toStrictEqual({ text, value: parseDate(text) });
      }),
      { numRuns: 5_000 },
    );
  });

  it('is another one with another offset', () => {
    expect(readTimestamptz('2026-11-26 10:46:02.5+05:30')).toEqual(new Date('2026-11-26T05:16:02.500Z'));
    expect(readTimestamptz('2026-11-26 10:46:02.5-03')).toEqual(new Date('2026-11-26T13:46:02.500Z'));
  });
});
