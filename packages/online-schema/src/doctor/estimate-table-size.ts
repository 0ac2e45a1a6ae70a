/** One column as it is laid out in rows. */
export interface ColumnLayout {
  /** Bytes as `typlen` has them: −1 for a length that differs from row to row. */
  readonly length: number;
  /** Bytes that its values begin at a multiple of: 1, 2, 4 or 8. */
  readonly alignment: number;
  /** Mean bytes of the values that are there, as they are stored. */
  readonly width: number;
  /** 0–1. */
  readonly nullFraction: number;
}

export interface TableLayout {
  readonly rows: number;
  /** Columns in their order in the row, dropped ones left out. */
  readonly columns: readonly ColumnLayout[];
  /** Per cent of a page that inserts fill. */
  readonly fillFactor: number;
  readonly pageBytes: number;
}

const PAGE_HEADER_BYTES = 24;
const ROW_HEADER_BYTES = 23;
const LINE_POINTER_BYTES = 4;
/** A longer value of varying length begins at a multiple of four bytes; a shorter one has a header of one byte, anywhere. */
const SHORT_VALUE_BYTES = 127;

/**
 * Bytes that the rows would take in a table just written, without what is stored outside of them (TOAST). Follows the
 * layout of PostgreSQL's pages (https://www.postgresql.org/docs/17/storage-page-layout.html); where a value's place is
 * not known, half of the padding that it may need is counted.
 */
export function estimateTableBytes({ rows, columns, fillFactor, pageBytes }: TableLayout): number {
  const usable = (pageBytes - PAGE_HEADER_BYTES) * (fillFactor / 100);
  // One row has a page even where it leaves more free than the fill factor asks.
  const rowsOnPage = Math.max(1, Math.floor(usable / estimateRowBytes(columns)));
  return Math.ceil(rows / rowsOnPage) * pageBytes;
}

/** Mean bytes of a row on its page, with its header and line pointer. */
export function estimateRowBytes(columns: readonly ColumnLayout[]): number {
  const nullable = columns.some(({ nullFraction }) => nullFraction > 0);
  const header = alignTo(8, ROW_HEADER_BYTES + (nullable ? Math.ceil(columns.length / 8) : 0));
  let bytes = header;
  // Distance from the last multiple of eight, as long as it is the same in every row.
  let place: number | undefined = 0;
  for (const column of columns) {
    const alignment = column.length < 0 && column.width < SHORT_VALUE_BYTES ? 1 : column.alignment;
    const padding: number = place === undefined ? (alignment - 1) / 2 : alignTo(alignment, place) - place;
    const width = column.length < 0 ? column.width : column.length;
    bytes += (1 - column.nullFraction) * (padding + width);
    if (column.nullFraction === 1) continue;
    const fixed = column.length >= 0 && column.nullFraction === 0;
    if (!fixed) place = undefined;
    else if (place !== undefined) place = (place + padding + width) % 8;
    else if (alignment === 8) place = width % 8;
  }
  return bytes + (place === undefined ? 3.5 : alignTo(8, place) - place) + LINE_POINTER_BYTES;
}

function alignTo(alignment: number, bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
