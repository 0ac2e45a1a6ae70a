import { temporaryName } from '../migration/temporary-name';
import { partitionIndexName } from '../partitions/partition-index-name';
import type { Partition } from '../partitions/read-partitions';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex, renderDropIndex, renderRenameIndex } from '../specification/render-index';
import type { IndexState, IndexStateOf } from './index-state';
import { type IndexUse, isNeeded, renderCluster } from './index-use';

/** What a mend needs to know about the table beside the state of the index. */
export interface MendPlace {
  readonly schema: string;
  /** Of a partitioned table: its partitions, those above before those below. */
  readonly partitions: readonly PlacedPartition[] | undefined;
  /** What needs the index that is there, if one is. */
  readonly use?: IndexUse | undefined;
}

/** A partition, and what it has of the index already. */
export interface PlacedPartition
  extends Pick<Partition, 'oid' | 'schema' | 'name' | 'partitioned' | 'foreign' | 'index'> {
  /** Oid of the table right above it. */
  readonly parent: number;
}

/**
 * The statements that bring an index to what is declared, as `ensureIndex` and `dropIndex` would, none of which blocks
 * a writer; each is to be run by itself, outside a transaction. Empty where a person must decide, or wait, and where
 * something needs the very index that would be dropped.
 */
export function renderIndexMend(state: IndexState, place: MendPlace): string[] {
  const { schema } = place;
  switch (state.kind) {
    case 'same':
    case 'building':
    case 'name-taken':
    case 'refused':
      return [];
    case 'missing':
      return [
        ...(state.definition.requires ?? []).map(
          (name) => `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`,
        ),
        ...renderBuild({ ...state.definition, schema }, place),
      ];
    case 'renamed':
      return [renderRenameIndex(schema, state.existing.name, state.definition.name)];
    case 'invalid':
    case 'not-ready':
      if (isIncomplete(state, place)) return renderPartitions({ ...state.definition, schema }, place);
      if (isNeeded(place.use)) return [];
      return [
        ...renderDrop({ schema, name: state.existing.name }, place),
        ...renderBuild({ ...state.definition, schema }, place),
        ...keepOrder({ ...state.definition, schema }, place),
      ];
    case 'different':
      return isNeeded(place.use) ? [] : renderReplacement({ ...state.definition, schema }, place);
    case 'remains':
    case 'undeclared':
      return isNeeded(place.use) ? [] : renderDrop({ schema, name: state.existing.name }, place);
    default:
      return state satisfies never;
  }
}

function renderReplacement(definition: IndexDefinition, place: MendPlace): string[] {
  const { schema } = place;
  const incoming = temporaryName(definition.name, 'new');
  const outgoing = temporaryName(definition.name, 'old');
  return [
    ...renderBuild({ ...definition, name: incoming }, place),
    renderRenameIndex(schema, definition.name, outgoing),
    renderRenameIndex(schema, incoming, definition.name),
    ...keepOrder(definition, place),
    ...renderDrop({ schema, name: outgoing }, place),
  ];
}

/** Whoever sorts the table by the index that goes sorts it by the one that comes. */
function keepOrder(definition: IndexDefinition, { use }: MendPlace): string[] {
  return use?.isClustered ? renderCluster(definition) : [];
}

/** A partitioned table's index is built on every partition first: valid as soon as the last one is attached. */
function renderBuild(definition: IndexDefinition, place: MendPlace): string[] {
  if (place.partitions === undefined) return [renderCreateIndex(definition, { concurrently: true })];
  const partitions = place.partitions.map((partition) => ({ ...partition, index: null }));
  return [
    renderCreateIndex(definition, { only: true }),
    ...renderPartitions(definition, { ...place, partitions }),
  ];
}

/** Builds and attaches what partitions lack of the index. */
function renderPartitions(definition: IndexDefinition, { partitions = [] }: MendPlace): string[] {
  const names = new Map<number, string>();
  const whole = quoteQualified(definition.schema, definition.name);
  return partitions
    .filter(({ foreign }) => !foreign)
    .flatMap((partition) => {
      const { oid, schema, name: table, partitioned, parent, index } = partition;
      const own = { ...definition, schema, table, name: partitionIndexName(partition, definition) };
      const name = quoteQualified(index?.schema ?? schema, index?.name ?? own.name);
      names.set(oid, name);
      if (index !== null) return [];
      return [
        renderCreateIndex(own, partitioned ? { only: true } : { concurrently: true }),
        `ALTER INDEX ${names.get(parent) ?? whole} ATTACH PARTITION ${name}`,
      ];
    });
}

/** Whether an index of a partitioned table is only not valid because partitions lack it. */
function isIncomplete(
  { differences }: IndexStateOf<'invalid' | 'not-ready'>,
  { partitions = [] }: MendPlace,
): boolean {
  return differences.length === 0 && partitions.some(({ index, foreign }) => index === null && !foreign);
}

/** An index of a partitioned table goes with those of the partitions, for which all of them are locked for an instant. */
function renderDrop(index: Pick<IndexDefinition, 'schema' | 'name'>, { partitions }: MendPlace): string[] {
  if (partitions === undefined) return [renderDropIndex(index)];
  return [`DROP INDEX ${quoteQualified(index.schema, index.name)}`];
}
