import type { TableColumn } from 'typeorm';
import type { DriftDifference } from './drift-report';

/** In which respects a column differs, as TypeORM reads both. */
export function compareColumns(declared: TableColumn, actual: TableColumn): DriftDifference[] {
  const aspects: readonly [string, (column: TableColumn) => string][] = [
    ['type', renderType],
    ['nullable', (column) => String(column.isNullable)],
    ['default', (column) => (column.default === undefined ? 'none' : String(column.default))],
    ['unique', (column) => String(column.isUnique)],
    ['primary key', (column) => String(column.isPrimary)],
    ['generated', renderGenerated],
    ['collation', (column) => column.collation ?? 'default'],
    ['comment', (column) => column.comment ?? 'none'],
  ];
  return aspects
    .map(([aspect, read]) => ({ aspect, declared: read(declared), actual: read(actual) }))
    .filter((difference) => difference.declared !== difference.actual);
}

/** As `CREATE TABLE` would begin it. */
export function renderColumn(column: TableColumn): string {
  return `${column.name} ${renderType(column)}${column.isNullable ? '' : ' not null'}`;
}

function renderType({
  type,
  length,
  precision,
  scale,
  isArray,
  enum: values,
  spatialFeatureType,
  srid,
}: TableColumn) {
  const size = length || [precision, scale].filter((part) => typeof part === 'number').join(', ');
  const list = values?.map((value) => `'${value}'`).join(', ');
  const place = [spatialFeatureType, srid].filter((part) => part !== undefined).join(', ');
  const detail = list ?? (place || size);
  return `${type}${detail ? `(${detail})` : ''}${isArray ? '[]' : ''}`;
}

function renderGenerated({
  isGenerated,
  generationStrategy,
  generatedIdentity,
  generatedType,
  asExpression,
}: TableColumn) {
  if (asExpression) return `as (${asExpression}) ${(generatedType ?? 'STORED').toLowerCase()}`;
  if (!isGenerated) return 'no';
  return [generationStrategy, generatedIdentity?.toLowerCase()].filter(Boolean).join(' ') || 'yes';
}
