import { createHash } from 'node:crypto';
import { MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';

/** A table whose index is part of the index of a partitioned table. */
interface Partition {
  readonly schema: string;
  readonly name: string;
}

/**
 * The name under which the index of a partitioned table is built on one of its partitions: always the same for the
 * same definition, so that a rerun finds it, and another one for another definition, so that the new and the old
 * one of a replacement stand beside each other. PostgreSQL's own choices end in `_idx` or `_idx1` and never meet it.
 */
export function partitionIndexName(partition: Partition, definition: IndexDefinition): string {
  const ending = `${markOf(partition, definition.name)}${hash(renderShape(definition), 6)}`;
  const room = MAX_IDENTIFIER_BYTES - Buffer.byteLength(ending);
  const tail = cut(definition.name, Math.floor(room / 2));
  const head = cut(partition.name, room - 1 - Buffer.byteLength(tail));
  return `${head}_${tail}${ending}`;
}

/** Whether the name is one that this partition's index of `parent` has, or had under another definition. */
export function isPartitionIndexName(partition: Partition, parent: string, name: string): boolean {
  const mark = markOf(partition, parent);
  return name.slice(-6 - mark.length, -6) === mark;
}

// Ten digits keep a million names of one schema apart even where everything readable was cut away.
function markOf({ schema, name }: Partition, parent: string): string {
  return `_hf_${hash([schema, name, parent].join('\0'), 10)}_`;
}

function renderShape(definition: IndexDefinition): string {
  return renderCreateIndex({ ...definition, schema: undefined, table: '', name: '' });
}

function hash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

/** The longest beginning of the text that fits, and ends with a whole character. */
function cut(text: string, bytes: number): string {
  let kept = '';
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}
