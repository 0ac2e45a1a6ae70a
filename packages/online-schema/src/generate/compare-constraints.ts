import {
  type DataSource,
  type EntityMetadata,
  type QueryRunner,
  TableForeignKey,
  TableUnique,
} from 'typeorm';
import { readTable } from '../catalog/read-table';
import { canonicaliseChecks } from '../recipes/canonicalise-check';
import { type CatalogConstraint, readConstraints } from '../recipes/read-constraint';
import type { ForeignKeyDefinition } from '../recipes/recipe-definitions';
import { toForeignKeyDefinition, toUniqueDefinition } from '../recipes/recipe-from-catalog';
import { isSameForeignKey, isSameUnique } from '../recipes/same-constraint';
import { tablesOf } from '../specification/read-entity-indexes';
import { compareExclusions } from './compare-exclusions';
import { constraintOf, isEqual } from './merge-pairs';
import { tableOf, toForeignKeyOf, toUniqueOf } from './name-tables';
import type { OperationDetail, TableOperation } from './table-operation';

/**
 * Replacements of constraints that have the declared name and say something else, which TypeORM takes for equal. Those
 * that other operations are about are left to them, and so are tables with a column that gets another name.
 */
export async function compareConstraints(
  dataSource: DataSource,
  runner: QueryRunner,
  others: readonly TableOperation[],
): Promise<TableOperation[]> {
  const renamed = others.filter(({ kind }) => kind === 'rename-column').map(({ table }) => table);
  const found: TableOperation[] = [];
  for (const metadata of tablesOf(dataSource)) {
    const target = tableOf(metadata);
    const isRenamed = renamed.some((one) => isEqual(one, target));
    if (metadata.tableType === 'entity-child' || isRenamed || !hasConstraints(metadata)) continue;
    const table = await readTable(runner, target);
    if (table === undefined) continue;
    const settled = others.filter((one) => isEqual(one.table, target)).map(constraintOf);
    for (const replacement of await compareExclusions(runner, metadata, table))
      found.push({ ...replacement, table: target, isNew: false });
    const existing = (await readConstraints(runner, table)).filter(({ name }) => !settled.includes(name));
    for (const detail of await compare(dataSource, runner, { metadata, existing })) {
      const isMoving = 'definition' in detail && renamed.some((one) => refersTo(detail.definition, one));
      if (!isMoving) found.push({ ...detail, table: target, isNew: false, up: [], down: [] });
    }
  }
  return found;
}

interface Compared {
  readonly metadata: EntityMetadata;
  readonly existing: readonly CatalogConstraint[];
}

function hasConstraints({ checks, uniques, foreignKeys, exclusions }: EntityMetadata): boolean {
  return checks.length + uniques.length + foreignKeys.length + exclusions.length > 0;
}

function refersTo(definition: object, table: object): boolean {
  if (!('references' in definition)) return false;
  const { columns: _, ...referenced } = (definition as ForeignKeyDefinition).references;
  return isEqual(referenced, table);
}

async function compare(
  dataSource: DataSource,
  runner: QueryRunner,
  { metadata, existing }: Compared,
): Promise<OperationDetail[]> {
  const target = tableOf(metadata);
  const of = (type: string, name: string) => existing.find((one) => one.type === type && one.name === name);
  const details: OperationDetail[] = [];
  const checks = metadata.checks.filter(({ name }) => of('c', name) !== undefined);
  const expressions = checks.map(({ expression }) => expression);
  const spelt = checks.length === 0 ? [] : await canonicaliseChecks(runner, target, expressions);
  for (const [at, { name, expression }] of checks.entries()) {
    const actual = of('c', name)?.expression;
    // One that the server refuses now may be about a column that is still to come: another one, then.
    if (actual == null || spelt[at] === actual) continue;
    details.push({
      kind: 'add-check',
      definition: { ...target, name, expression },
      previous: { ...target, name, expression: actual },
    });
  }
  for (const unique of metadata.uniques) {
    const definition = toUniqueOf(target, TableUnique.create(unique));
    const actual = of('u', definition.name);
    if (actual === undefined || isSameUnique(actual, definition)) continue;
    details.push({ kind: 'add-unique', definition, previous: toUniqueDefinition(target, actual) });
  }
  for (const key of metadata.foreignKeys) {
    const definition = toForeignKeyOf(dataSource, target, TableForeignKey.create(key, dataSource.driver));
    const actual = of('f', definition.name);
    const referenced = await readTable(runner, definition.references);
    if (actual === undefined || referenced === undefined) continue;
    if (isSameForeignKey(actual, definition, referenced.oid)) continue;
    details.push({
      kind: 'add-foreign-key',
      definition,
      previous: toForeignKeyDefinition(definition, actual),
    });
  }
  return details;
}
