import type { EntityMetadata } from 'typeorm';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { AnswerMismatchError } from './answer-mismatch-error';
import { compileHydrator } from './compile-hydrator';
import { type EntityShape, shapeOf } from './entity-shape';
import { PerAnswer } from './per-answer';

/** Different answers of which the code is kept. */
const MAX_ANSWERS = 256;

/** Reads answers of statements that were written by hand, by the names of their columns. */
export class EntityRows implements RowReader {
  readonly #shape: EntityShape;
  readonly #readers = new PerAnswer(MAX_ANSWERS, (columns) =>
    compileHydrator(this.#orderAs(columns), columns),
  );

  constructor(metadata: EntityMetadata) {
    this.#shape = shapeOf(metadata);
  }

  /** @throws AnswerMismatchError unless each column of the entity is there once, and nothing else is. */
  open(columns: readonly FieldDescription[]): ReadRow {
    return this.#readers.get(columns);
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
