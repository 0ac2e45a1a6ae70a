import type { CacheFill } from '../statements/cache-fill';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { AnswerMismatchError } from './answer-mismatch-error';
import { compileHydrator } from './compile-hydrator';
import { compileRecord, type PlacedColumn, placeColumns } from './compile-record';
import type { EntityShape } from './entity-shape';
import { PerAnswer } from './per-answer';

/** Different answers of which the code is kept. */
const MAX_ANSWERS = 256;

/** Reads answers of statements that were written by hand, by the names of their columns. */
export class EntityRows implements RowReader {
  readonly #readers: PerAnswer<ReadRow>;

  constructor(shape: EntityShape) {
    this.#readers = new PerAnswer(MAX_ANSWERS, (answer) => {
      const { placeOf, missing, repeated, rest } = locate(shape, answer);
      const surplus = [...repeated, ...rest.map(({ name }) => name)];
      requireNone(shape, missing, surplus);
      return compileHydrator(shape, answer, placeOf);
    });
  }

  /** @throws AnswerMismatchError unless each column of the entity is there once, and nothing else is. */
  open(columns: readonly FieldDescription[]): ReadRow {
    return this.#readers.get(columns);
  }

  get fill(): CacheFill {
    return this.#readers.fill;
  }
}

/** The same, of answers that have other columns besides: a row has an entity, or none, and the rest. */
export class RowsInParts implements RowReader {
  readonly #readers: PerAnswer<ReadRow>;

  constructor(shape: EntityShape) {
    this.#readers = new PerAnswer(MAX_ANSWERS, (answer) => compileParts(shape, answer));
  }

  /** @throws AnswerMismatchError unless each column is there once, those of the entity among them. */
  open(columns: readonly FieldDescription[]): ReadRow {
    return this.#readers.get(columns);
  }

  get fill(): CacheFill {
    return this.#readers.fill;
  }
}

function compileParts(shape: EntityShape, answer: readonly FieldDescription[]): ReadRow {
  const { placeOf, missing, repeated, rest } = locate(shape, answer);
  requireNone(shape, missing, repeated);
  const hydrate = compileHydrator(shape, answer, placeOf);
  const key = shape.columns.findIndex(({ isPrimary }) => isPrimary);
  const keyAt = key === -1 ? undefined : placeOf(key);
  const readRest = compileRecord(rest);
  return (fields) => {
    const isThere = keyAt === undefined || (fields[keyAt] ?? null) !== null;
    return { entity: isThere ? hydrate(fields) : null, rest: readRest(fields) };
  };
}

/** @throws AnswerMismatchError */
function requireNone(
  { metadata }: EntityShape,
  missing: readonly string[],
  surplus: readonly string[],
): void {
  if (missing.length === 0 && surplus.length === 0) return;
  throw new AnswerMismatchError(metadata.name, missing, [...new Set(surplus)]);
}

/** Where an answer has the columns of an entity, and what else it has. */
interface Located {
  /** Of the column of the shape with this index, if none is missing. */
  placeOf(column: number): number;
  /** Columns of the entity that the answer has not. */
  readonly missing: readonly string[];
  /** What the answer has more than once. */
  readonly repeated: readonly string[];
  readonly rest: readonly PlacedColumn[];
}

function locate({ columns }: EntityShape, answer: readonly FieldDescription[]): Located {
  const byName = new Map(answer.map(({ name }, at) => [name, at]));
  const ofEntity = new Set(columns.map(({ databaseName }) => databaseName));
  const places = columns.map(({ databaseName }) => byName.get(databaseName) ?? 0);
  return {
    placeOf: (column) => places[column] ?? 0,
    missing: [...ofEntity].filter((name) => !byName.has(name)),
    repeated: answer.filter(({ name }, at) => byName.get(name) !== at).map(({ name }) => name),
    rest: placeColumns(answer).filter(({ name }) => !ofEntity.has(name)),
  };
}
