import type { EntityMetadata } from 'typeorm';
import type { EmbeddedMetadata } from 'typeorm/metadata/EmbeddedMetadata';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow } from '../statements/row-reader';
import { type EntityShape, listOwnColumns } from './entity-shape';
import { GeneratedCode } from './generated-code';
import { createValueReader } from './value-readers';

/**
 * Writes the function that makes entities of rows: no loop, no look-up by name, one hidden class for all entities of one shape.
 * @param answer What the server has said of all columns of the answer.
 * @param placeOf Where it has the column of the shape with this index. Default: in the order of the shape, from the first one on.
 */
export function compileHydrator(
  shape: EntityShape,
  answer: readonly FieldDescription[],
  placeOf: (column: number) => number = (column) => column,
): ReadRow {
  const { metadata, discriminator } = shape;
  const place = { answer, placeOf };
  const readSelf = compileOne(shape, metadata, place);
  if (discriminator === undefined) return readSelf;
  const readers = new Map<unknown, ReadRow>();
  for (const child of metadata.childEntityMetadatas) {
    if (child.discriminatorValue === undefined || readers.has(child.discriminatorValue)) continue;
    readers.set(child.discriminatorValue, compileOne(shape, child, place));
  }
  const at = placeOf(discriminator);
  const column = shape.columns[discriminator];
  const readKind = column && createValueReader(column, answer[at]?.dataTypeID ?? 0).read;
  return (fields) => {
    const text = fields[at] ?? null;
    const kind = text === null || readKind === undefined ? text : readKind(text);
    return (readers.get(kind) ?? readSelf)(fields);
  };
}

/** Where the columns of a shape are in an answer. */
interface Place {
  readonly answer: readonly FieldDescription[];
  placeOf(column: number): number;
}

function compileOne(shape: EntityShape, metadata: EntityMetadata, { answer, placeOf }: Place): ReadRow {
  const code = new GeneratedCode();
  const create = code.bind(() => metadata.create(undefined, { fromDeserializer: true }));
  const isPlain = metadata.isAlwaysUsingConstructor && typeof metadata.target === 'function';
  const target = code.bind(metadata.target);
  code.add(`const entity = ${isPlain ? `new ${target}()` : `${create}()`};`);
  const embedded = new Map<EmbeddedMetadata, string>();
  for (const [index, column] of listOwnColumns(shape, metadata)) {
    const at = placeOf(index);
    const owner = column.embeddedMetadata ? openEmbedded(code, embedded, column.embeddedMetadata) : 'entity';
    const { read, ofNull } = createValueReader(column, answer[at]?.dataTypeID ?? 0);
    const field = `fields[${at}]`;
    const nothing = ofNull === undefined ? 'null' : `${code.bind(ofNull)}()`;
    const isText = read === undefined && ofNull === undefined;
    const value = read === undefined ? 'text' : `${code.bind(read)}(text)`;
    const property = `${owner}[${JSON.stringify(column.propertyName)}]`;
    code.add(
      isText
        ? `${property} = ${field};`
        : `text = ${field}; ${property} = text === null ? ${nothing} : ${value};`,
    );
  }
  code.add('return entity;');
  return code.compile();
}

/** The object is there, as is each that it is in; returns what the code calls it. */
function openEmbedded(
  code: GeneratedCode,
  open: Map<EmbeddedMetadata, string>,
  embedded: EmbeddedMetadata,
): string {
  const known = open.get(embedded);
  if (known !== undefined) return known;
  const { parentEmbeddedMetadata, propertyName } = embedded;
  const owner = parentEmbeddedMetadata ? openEmbedded(code, open, parentEmbeddedMetadata) : 'entity';
  const name = `embedded${open.size}`;
  const create = code.bind(() => embedded.create());
  code.add(`const ${name} = (${owner}[${JSON.stringify(propertyName)}] ??= ${create}());`);
  open.set(embedded, name);
  return name;
}
