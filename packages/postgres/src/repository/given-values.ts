import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { isPlainProperty } from '../bulk/cell-reader';
import { readWritableTable, type WritableTable } from '../bulk/writable-table';

/** What a row gives to a statement. */
export interface GivenValues {
  readonly columns: readonly ColumnMetadata[];
  /** In the order of the columns. */
  readonly texts: (string | null)[];
  /** The same for all rows that give these columns to this kind of statement: a character stands for each. */
  readonly key: string;
}

/** Reads what rows of an entity give. Made once for the entity. */
export class GivenReader {
  readonly #metadata: EntityMetadata;
  readonly #table: WritableTable;
  /** Those that changes may name. */
  readonly #columns: readonly ColumnMetadata[];
  /** The property that holds the value of each; undefined where TypeORM has to be asked. */
  readonly #properties: readonly (string | undefined)[];

  constructor(metadata: EntityMetadata) {
    this.#metadata = metadata;
    this.#table = readWritableTable(metadata);
    this.#columns = metadata.columns.filter(({ isDiscriminator }) => !isDiscriminator);
    this.#properties = this.#columns.map((column) =>
      isPlainProperty(column) ? column.propertyName : undefined,
    );
  }

  /** A column that is not given gets its default. @throws BulkRowError */
  readRow(row: object): GivenValues {
    const { columns } = this.#table;
    const cells = this.#table.readRow(row, 1);
    const given: ColumnMetadata[] = [];
    const texts: (string | null)[] = [];
    let key = '';
    for (const [at, text] of cells.entries()) {
      const column = columns[at];
      if (text === undefined || column === undefined) continue;
      given.push(column);
      texts.push(text);
      key += String.fromCharCode(at);
    }
    return { columns: given, texts, key };
  }

  /**
   * A column that is not given stays as it is.
   * @throws InvalidOptionError for a change of nothing, or of a property that is never changed; BulkRowError for a value.
   */
  readChanges(changes: object): GivenValues {
    this.#table.requireKnown(changes, 1);
    const given: ColumnMetadata[] = [];
    const texts: (string | null)[] = [];
    let key = '';
    for (let at = 0; at < this.#columns.length; at += 1) {
      if (!this.#isGiven(changes, at)) continue;
      const column = this.#requireChangeable(this.#columns[at] as ColumnMetadata);
      const text = this.#table.readCell(column, changes, 1);
      if (text === undefined) continue;
      given.push(column);
      texts.push(text);
      key += String.fromCharCode(at);
    }
    if (given.length > 0) return { columns: given, texts, key };
    throw new InvalidOptionError('changes', 'none', 'an object with at least one property');
  }

  #isGiven(changes: object, at: number): boolean {
    const property = this.#properties[at];
    if (property === undefined) return this.#columns[at]?.getEntityValue(changes) !== undefined;
    return (changes as Readonly<Record<string, unknown>>)[property] !== undefined;
  }

  #requireChangeable(column: ColumnMetadata): ColumnMetadata {
    if (column.isUpdate && !column.isPrimary) return column;
    throw new InvalidOptionError(
      `changes.${column.propertyPath}`,
      column.propertyPath,
      `a property of ${this.#metadata.name} that is changed`,
    );
  }
}
