import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { readColumnType } from './column-type';
import type { KeptValue } from './kept-value';
import { TIMESTAMP_CHARACTERS } from './timestamp-text';
import type { WritableTable } from './writable-table';

/** Rows of one shape: what one statement writes. */
export interface Batch {
  readonly columns: readonly ColumnMetadata[];
  /** Per column, one value a row, as it was when the row was read. */
  readonly values: readonly (readonly KeptValue[])[];
  /** Positions of the rows in the caller's input, in the order of the values. */
  readonly numbers: readonly number[];
}

/** A row with its position in the caller's input, from 1. */
export interface NumberedRow {
  readonly row: object;
  readonly number: number;
}

/** How rows are cut into statements. */
interface BatchLimits {
  readonly chunkRows: number;
  /** Cut where the shape changes instead of gathering rows of one shape, so that the order of the input survives. */
  readonly keepOrder: boolean;
}

/**
 * A chunk is closed by the row that brings it to this many characters of text, whatever `chunkRows` allows: about 4 MB
 * on the wire for ASCII. A single larger row still travels, alone or as the last of its chunk.
 */
const CHUNK_CHARACTERS = 4 * 1024 * 1024;

/**
 * Cuts rows into batches, lazily: only the rows of one chunk are held. A column that a row leaves out is not
 * among the columns of its batch, so that the database's default applies to that row as it does in a single INSERT.
 */
export function* planBatches(
  table: WritableTable,
  rows: Iterable<NumberedRow>,
  { chunkRows, keepOrder }: BatchLimits,
): Generator<Batch, void, undefined> {
  const open = new Map<string, OpenBatch>();
  let batch: OpenBatch | undefined;
  let rowCount = 0;
  let characters = 0;
  for (const { row, number } of rows) {
    const cells = table.keepRow(row, number);
    if (!batch?.fits(cells)) {
      const shape = readShape(cells);
      if (keepOrder && open.size > 0 && !open.has(shape)) {
        yield* closeAll(open);
        rowCount = characters = 0;
      }
      batch = open.get(shape) ?? new OpenBatch(table.columns, cells);
      open.set(shape, batch);
    }
    characters += batch.append(cells, number);
    rowCount += 1;
    if (rowCount < chunkRows && characters < CHUNK_CHARACTERS) continue;
    yield* closeAll(open);
    batch = undefined;
    rowCount = characters = 0;
  }
  yield* closeAll(open);
}

function* closeAll(open: Map<string, OpenBatch>): Generator<Batch, void, undefined> {
  for (const batch of open.values()) yield batch.close();
  open.clear();
}

/** What a row gives, column by column. */
type Cells = readonly (KeptValue | undefined)[];

/** One character a column: given or left out. */
function readShape(cells: Cells): string {
  return cells.map((cell) => (cell === undefined ? '-' : '+')).join('');
}

/** Takes rows of one shape. */
class OpenBatch {
  readonly #columns: readonly ColumnMetadata[];
  #values: readonly KeptValue[][];
  readonly #numbers: number[] = [];
  /** Per column of the table, whether its rows give it. */
  readonly #isGiven: readonly boolean[];

  /** @throws BulkColumnTypeError: nobody need wait for a connection to hear of it. */
  constructor(columns: readonly ColumnMetadata[], cells: Cells) {
    this.#isGiven = cells.map((cell) => cell !== undefined);
    this.#columns = columns.filter((_, index) => this.#isGiven[index]);
    for (const column of this.#columns) readColumnType(column);
    this.#values = this.#columns.map(() => []);
  }

  fits(cells: Cells): boolean {
    for (let at = 0; at < cells.length; at += 1) {
      if ((cells[at] !== undefined) !== this.#isGiven[at]) return false;
    }
    return true;
  }

  /** Returns the characters of the row. */
  append(cells: Cells, number: number): number {
    let characters = 0;
    let column = 0;
    for (const cell of cells) {
      if (cell === undefined) continue;
      this.#values[column]?.push(cell);
      characters += typeof cell === 'number' ? TIMESTAMP_CHARACTERS : (cell?.length ?? 0);
      column += 1;
    }
    this.#numbers.push(number);
    return characters;
  }

  /** It holds nothing from then on: the generator that it was filled by may be held for longer. */
  close(): Batch {
    const values = this.#values;
    this.#values = [];
    return { columns: this.#columns, values, numbers: this.#numbers };
  }
}

/** Numbers rows as the caller counts them. */
export function* numberRows(rows: Iterable<object>): Generator<NumberedRow, void, undefined> {
  let number = 0;
  for (const row of rows) {
    number += 1;
    yield { row, number };
  }
}
