import { type ColumnLayout, estimateRowBytes, estimateTableBytes } from './estimate-table-size';

const fixed = (length: number): ColumnLayout => ({
  length,
  alignment: Math.min(length, 8),
  width: length,
  nullFraction: 0,
});
const varying = (width: number, nullFraction = 0): ColumnLayout => ({
  length: -1,
  alignment: 4,
  width,
  nullFraction,
});

describe('the size of rows', () => {
  it.each<[string, ColumnLayout[], number]>([
    ['no column', [], 28],
    ['an integer', [fixed(4)], 36],
    ['two integers', [fixed(4), fixed(4)], 36],
    ['a bigint', [fixed(8)], 36],
    ['padding before a bigint', [fixed(1), fixed(8)], 44],
    ['no padding after one', [fixed(8), fixed(1)], 44],
    ['padding again and again', [fixed(1), fixed(8), fixed(1), fixed(8)], 60],
    ['a short text without alignment', [fixed(1), varying(10)], 42.5],
    ['a long text with alignment', [fixed(1), varying(200)], 235.5],
    ['half a padding where the place is not known', [varying(9), fixed(8)], 24 + 9 + 3.5 + 8 + 4],
    ['a column that is always NULL', [fixed(4), { ...fixed(8), nullFraction: 1 }], 36],
    [
      'a bitmap of more than eight columns',
      [varying(1, 0.5), ...Array(8).fill(fixed(8))],
      32 + 0.5 + 3.5 + 64 + 4,
    ],
  ])('counts %s', (_, columns, bytes) => {
    expect(estimateRowBytes(columns)).toBe(bytes);
  });

  it.each([
    [226, 100, 8192],
    [227, 100, 16_384],
    [227, 50, 3 * 8192],
    [0, 100, 0],
  ])('puts %d rows of an integer into pages filled to %d per cent', (rows, fillFactor, bytes) => {
    expect(estimateTableBytes({ rows, columns: [fixed(4)], fillFactor, pageBytes: 8192 })).toBe(bytes);
  });

  it('gives a row a page of its own where no two fit', () => {
    const layout = { rows: 3, columns: [varying(5000)], fillFactor: 100, pageBytes: 8192 };
    expect(estimateTableBytes(layout)).toBe(3 * 8192);
    expect(estimateTableBytes({ ...layout, fillFactor: 10 })).toBe(3 * 8192);
  });
});
