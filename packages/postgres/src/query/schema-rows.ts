import { InvalidOptionError } from '@holdfast/resilience';
import { AnswerMismatchError } from '../repository/answer-mismatch-error';
import { compileRecord, placeColumns } from '../repository/compile-record';
import { PerAnswer } from '../repository/per-answer';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { type RowIssue, RowMismatchError } from './row-mismatch-error';
import { type RowSchema, type SchemaIssue, validateRow } from './row-schema';
import { readSchemaColumns, renderPath } from './schema-columns';

/** Different answers of which the code is kept. */
const MAX_ANSWERS = 16;

const READERS = new WeakMap<RowSchema<unknown>, SchemaRows>();

/** What reads rows of a schema: one for as long as the schema lives. */
export function schemaRowsOf(schema: RowSchema<unknown>): SchemaRows {
  let rows = READERS.get(schema);
  if (rows === undefined) {
    rows = new SchemaRows(schema);
    READERS.set(schema, rows);
  }
  return rows;
}

/** Makes an object of a row, by the names of its columns and as node-postgres parses them, and of that what the schema makes. */
class SchemaRows implements RowReader {
  readonly #schema: RowSchema<unknown>;
  readonly #records: PerAnswer<ReadRow>;

  constructor(schema: RowSchema<unknown>) {
    this.#schema = schema;
    this.#records = new PerAnswer(MAX_ANSWERS, (answer) => {
      requireColumns(schema, answer);
      return compileRecord(placeColumns(answer));
    });
  }

  /** @throws AnswerMismatchError unless the columns are those that the schema names, where it names any. */
  open(columns: readonly FieldDescription[]): ReadRow {
    const readRecord = this.#records.get(columns);
    const schema = this.#schema;
    let row = 0;
    return (fields) => {
      row += 1;
      return readRow(schema, readRecord(fields), row);
    };
  }
}

/** @throws RowMismatchError; InvalidOptionError for a schema that answers later. */
function readRow(schema: RowSchema<unknown>, record: unknown, row: number): unknown {
  let verdict: ReturnType<typeof validateRow>;
  try {
    verdict = validateRow(schema, record);
  } catch (error) {
    if (error instanceof InvalidOptionError) throw error;
    throw new RowMismatchError(row, [{ path: '', reason: 'its check has thrown' }], { cause: error });
  }
  if (verdict.issues !== undefined) {
    throw new RowMismatchError(
      row,
      verdict.issues.map((issue) => ({ path: renderPath(schema, issue), reason: readReason(schema, issue) })),
    );
  }
  // Undefined stands for a row that is none.
  if (verdict.value !== undefined) return verdict.value;
  throw new RowMismatchError(row, [{ path: '', reason: 'its schema makes undefined of it' }]);
}

/** What cannot hold a value. */
function readReason(schema: RowSchema<unknown>, issue: SchemaIssue): RowIssue['reason'] {
  const { code, expected } = issue as { readonly code?: unknown; readonly expected?: unknown };
  if (schema['~standard'].vendor !== 'zod' || typeof code !== 'string') return undefined;
  return code === 'invalid_type' && typeof expected === 'string' ? `${code}, expected ${expected}` : code;
}

/** @throws AnswerMismatchError */
function requireColumns(schema: RowSchema<unknown>, answer: readonly FieldDescription[]): void {
  const columns = readSchemaColumns(schema);
  const names = answer.map(({ name }) => name);
  const present = new Set(names);
  const missing = columns?.required.filter((name) => !present.has(name)) ?? [];
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  const isClosed = columns !== undefined && !columns.isOpen;
  const unnamed = isClosed ? names.filter((name) => !columns.names.has(name)) : [];
  if (missing.length === 0 && repeated.length === 0 && unnamed.length === 0) return;
  throw new AnswerMismatchError('the schema', missing, [...new Set([...repeated, ...unnamed])]);
}
