import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow } from '../statements/row-reader';
import { GeneratedCode, mayGenerateCode } from './generated-code';
import { findParser } from './value-readers';

/** A column of an answer, and its place there. */
export interface PlacedColumn {
  readonly name: string;
  readonly at: number;
  readonly typeId: number;
}

export function placeColumns(answer: readonly FieldDescription[]): PlacedColumn[] {
  return answer.map(({ name, dataTypeID: typeId }, at) => ({ name, at, typeId }));
}

/** Makes what reads these columns of a row into an object by their names, as node-postgres parses them: one hidden class for all rows. */
export function compileRecord(columns: readonly PlacedColumn[]): ReadRow {
  if (!mayGenerateCode()) return interpretRecord(columns);
  const code = new GeneratedCode();
  const properties = columns.map(({ name, at, typeId }) => {
    const parse = findParser(typeId);
    const value =
      parse === undefined
        ? `fields[${at}]`
        : `(text = fields[${at}]) === null ? null : ${code.bind(parse)}(text)`;
    // In brackets it names a property like any other, and not the prototype.
    return `${name === '__proto__' ? `['${name}']` : JSON.stringify(name)}: ${value}`;
  });
  code.add(`return { ${properties.join(', ')} };`);
  return code.compile();
}

/** The same, at once and without code: for few rows, or where there may be none. */
export function interpretRecord(columns: readonly PlacedColumn[]): ReadRow {
  const read = columns.map(({ name, at, typeId }) => ({ name, at, parse: findParser(typeId) }));
  return (fields) =>
    Object.fromEntries(
      read.map(({ name, at, parse }) => {
        const text = fields[at] ?? null;
        return [name, text === null || parse === undefined ? text : parse(text)];
      }),
    );
}
