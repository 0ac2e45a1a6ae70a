import type { EntityMetadata } from 'typeorm';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { AnswerMismatchError } from './answer-mismatch-error';
import { compileHydrator } from './compile-hydrator';
import { type EntityShape, shapeOf } from './entity-shape';
import { LeastRecentlyUsed } from './least-recently-used';

/** Different answers of which the code is kept: by the names of their columns, their order and types. */
const MAX_ANSWERS = 256;

/** Reads answers of statements that were written by hand, by the names of their columns. */
export class EntityRows implements RowReader {
  readonly #shape: EntityShape;
  /** Each description is one object for as long as its statement is prepared. */
  readonly #opened = new WeakMap<readonly FieldDescription[], ReadRow>();
  readonly #compiled = new LeastRecentlyUsed<ReadRow>(MAX_ANSWERS);

  constructor(metadata: EntityMetadata) {
    this.#shape = shapeOf(metadata);
  }

  /** @throws AnswerMismatchError unless each column of the entity is there once, and nothing else is. */
  open(columns: readonly FieldDescription[]): ReadRow {
    const opened = this.#opened.get(columns);
    if (opened !== undefined) return opened;
    const answer = columns.map(({ name, dataTypeID }) => `${dataTypeID} ${name}`).join('\0');
    const readRow = this.#compiled.get(answer, () => compileHydrator(this.#orderAs(columns), columns));
    this.#opened.set(columns, readRow);
    return readRow;
  }

  #orderAs(columns: readonly FieldDescription[]): EntityShape {
    const { metadata, discriminator } = this.#shape;
    const remaining = new Map(this.#shape.columns.map((column) => [column.databaseName, column]));
    const surplus: string[] = [];
    const ordered = columns.flatMap(({ name }) => {
      const column = remaining.get(name);
      remaining.delete(name);
      if (column === undefined) surplus.push(name);
      return column ?? [];
    });
    if (surplus.length > 0 || remaining.size > 0) {
      throw new AnswerMismatchError(metadata.name, [...remaining.keys()], surplus);
    }
    const kind = discriminator === undefined ? undefined : this.#shape.columns[discriminator];
    return { metadata, columns: ordered, discriminator: kind && ordered.indexOf(kind) };
  }
}
