import fc from 'fast-check';
import { defaults } from 'pg';
import { prepareValue } from 'pg/lib/utils';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { createKeeper } from './kept-value';
import { renderColumn } from './render-column';
import { renderTimestamp } from './timestamp-text';

/** A date in a time zone of its own: that of the process cannot be changed here. */
class ZonedDate extends Date {
  readonly #local: Date;
  readonly #offset: number;

  /** @param offset Minutes to the west, as `getTimezoneOffset` counts them. */
  constructor(ms: number, offset: number) {
    super(ms);
    this.#local = new Date(ms - offset * 60_000);
    this.#offset = offset;
  }

  override getFullYear = () => this.#local.getUTCFullYear();
  override getMonth = () => this.#local.getUTCMonth();
  override getDate = () => this.#local.getUTCDate();
  override getHours = () => this.#local.getUTCHours();
  override getMinutes = () => this.#local.getUTCMinutes();
  override getSeconds = () => this.#local.getUTCSeconds();
  override getMilliseconds = () => this.#local.getUTCMilliseconds();
  override getTimezoneOffset = () => this.#offset;
}

const usual = fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const edges = fc
  .tuple(
    fc.constantFrom('-000001', '+000000', '+000001', '+000099', '+001970', '+009999', '+010000'),
    fc.integer({ min: -48 * 3_600_000, max: 48 * 3_600_000 }),
  )
  .map(([year, ms]) => new Date(Date.parse(`${year}-01-01T00:00:00.000Z`) + ms));
const dates = fc.oneof({ weight: 3, arbitrary: usual }, edges, fc.date());
const offsets = fc.oneof(fc.constantFrom(0, -0, -330, 210, -345, -840), fc.integer({ min: -900, max: 900 }));

describe('a date', () => {
  afterEach(() => {
    defaults.parseInputDatesAsUTC = false;
  });

  it('is written as node-postgres writes it, in any time zone', () => {
    fc.assert(
      fc.property(dates, offsets, fc.boolean(), (date, offset, isUtc) => {
        defaults.parseInputDatesAsUTC = isUtc;
        for (const one of [date, new ZonedDate(date.getTime(), offset)]) {
          expect(renderTimestamp(one)).toBe(prepareValue(one));
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('is written so in the array of a column, beside any other value', () => {
    const values = fc.array(fc.oneof({ weight: 8, arbitrary: dates }, fc.constantFrom(null, 'infinity')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(values, fc.boolean(), (given, isUtc) => {
        defaults.parseInputDatesAsUTC = isUtc;
        const kept = given.map((value) => (value instanceof Date ? value.getTime() : value));
        const elements = renderColumn(kept)
          .slice(1, -1)
          .split(',')
          .filter((element) => element !== '');
        expect(elements.map((element) => element.replaceAll('"', '').toLowerCase())).toEqual(
          given.map((value) => String(prepareValue(value)).toLowerCase()),
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps its own time zone while it is kept', () => {
    const date = new ZonedDate(Date.parse('2026-11-26T23:46:02.005Z'), -330);
    const keep = createKeeper({ type: 'timestamp' } as ColumnMetadata);
    expect(keep(date)).toBe('2026-11-27T05:16:02.005+05:30');
    expect(keep(new Date(date.getTime()))).toBe(date.getTime());
  });

  it('keeps its offset and its milliseconds', () => {
    const date = new ZonedDate(Date.parse('2026-11-26T23:46:02.005Z'), -330);
    expect(renderTimestamp(date)).toBe('2026-11-27T05:16:02.005+05:30');
  });
});
