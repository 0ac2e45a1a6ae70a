import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { CellText } from './column-text';
import type { WritableTable } from './writable-table';

/** Rows of one shape: what one statement writes. */
export interface Batch {
  readonly columns: readonly ColumnMetadata[];
  /** Per column, one element a row. */
  readonly texts: readonly (string | null)[][];
  /** Positions of the rows in the caller's input, in the order of the texts. */
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

interface OpenBatch extends Batch {
  readonly numbers: number[];
}

/**
 * Cuts rows into batches, lazily: only the rows of one chunk are held as text. A column that a row leaves out is not
 * among the columns of its batch, so that the database's default applies to that row as it does in a single INSERT.
 */
export function* planBatches(
  table: WritableTable,
  rows: Iterable<NumberedRow>,
  { chunkRows, keepOrder }: BatchLimits,
): Generator<Batch, void, undefined> {
  const open = new Map<string, OpenBatch>();
  let rowCount = 0;
  let characters = 0;
  for (const { row, number } of rows) {
    const cells = table.readRow(row, number);
    const shape = readShape(cells);
    if (keepOrder && open.size > 0 && !open.has(shape)) {
      yield* open.values();
      open.clear();
      rowCount = characters = 0;
    }
    characters += append(openBatch(open, shape, table, cells), cells, number);
    rowCount += 1;
    if (rowCount < chunkRows && characters < CHUNK_CHARACTERS) continue;
    yield* open.values();
    open.clear();
    rowCount = characters = 0;
  }
  yield* open.values();
}

/** One character a column: given or left out. */
function readShape(cells: readonly CellText[]): string {
  let shape = '';
  for (const cell of cells) shape += cell === undefined ? '-' : '+';
  return shape;
}

function openBatch(
  open: Map<string, OpenBatch>,
  shape: string,
  table: WritableTable,
  cells: readonly CellText[],
): OpenBatch {
  const existing = open.get(shape);
  if (existing) return existing;
  const columns = table.columns.filter((_, index) => cells[index] !== undefined);
  const batch = { columns, texts: columns.map(() => []), numbers: [] };
  open.set(shape, batch);
  return batch;
}

function append(batch: OpenBatch, cells: readonly CellText[], number: number): number {
  let characters = 0;
  let column = 0;
  for (const cell of cells) {
    if (cell === undefined) continue;
    batch.texts[column]?.push(cell);
    characters += cell?.length ?? 0;
    column += 1;
  }
  batch.numbers.push(number);
  return characters;
}

/** Numbers rows as the caller counts them. */
export function* numberRows(rows: Iterable<object>): Generator<NumberedRow, void, undefined> {
  let number = 0;
  for (const row of rows) {
    number += 1;
    yield { row, number };
  }
}
