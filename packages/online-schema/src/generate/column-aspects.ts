import type { TableColumn } from 'typeorm';

/** One respect in which a column may change, apart from all others, so that each has its own statements and its own lock. */
export interface ColumnAspect {
  readonly name:
    | 'generated'
    | 'primary key'
    | 'enum'
    | 'type'
    | 'unique'
    | 'generation'
    | 'default'
    | 'comment'
    | 'nullability';
  readonly differs: (before: TableColumn, after: TableColumn) => boolean;
  /** The properties of it. */
  readonly properties: readonly (keyof TableColumn)[];
}

/** In the order in which the changes must be made: a default may be of the new type, NOT NULL comes last. */
export const COLUMN_ASPECTS: readonly ColumnAspect[] = [
  {
    name: 'generated',
    properties: ['generatedType', 'asExpression'],
    differs: (before, after) =>
      before.generatedType !== after.generatedType ||
      (before.asExpression ?? '').trim() !== (after.asExpression ?? '').trim(),
  },
  aspect('primary key', ['isPrimary', 'primaryKeyConstraintName'], ['isPrimary']),
  {
    name: 'enum',
    properties: ['enum', 'enumName'],
    differs: (before, after) =>
      before.enum !== undefined &&
      after.enum !== undefined &&
      (before.enumName !== after.enumName || before.enum.join('\0') !== after.enum.join('\0')),
  },
  {
    name: 'type',
    properties: [
      'type',
      'length',
      'isArray',
      'precision',
      'scale',
      'collation',
      'spatialFeatureType',
      'srid',
    ],
    differs: (before, after) =>
      before.type !== after.type ||
      before.length !== after.length ||
      before.isArray !== after.isArray ||
      (before.precision ?? undefined) !== (after.precision ?? undefined) ||
      // Left out, it is what the database has, as TypeORM compares it.
      (after.scale !== undefined && before.scale !== after.scale) ||
      before.collation !== after.collation ||
      (before.spatialFeatureType ?? '').toLowerCase() !== (after.spatialFeatureType ?? '').toLowerCase() ||
      before.srid !== after.srid,
  },
  aspect('unique', ['isUnique']),
  aspect('generation', ['isGenerated', 'generationStrategy', 'generatedIdentity'], ['isGenerated']),
  {
    name: 'default',
    properties: ['default'],
    differs: (before, after) => (before.default ?? undefined) !== (after.default ?? undefined),
  },
  aspect('comment', ['comment']),
  aspect('nullability', ['isNullable']),
];

/** The column before, with one aspect as it is after. */
export function withAspect(
  before: TableColumn,
  after: TableColumn,
  { properties }: Pick<ColumnAspect, 'properties'>,
): TableColumn {
  const changed = before.clone();
  for (const property of properties) Object.assign(changed, { [property]: after[property] });
  return changed;
}

function aspect(
  name: ColumnAspect['name'],
  properties: readonly (keyof TableColumn)[],
  compared: readonly (keyof TableColumn)[] = properties,
): ColumnAspect {
  return {
    name,
    properties,
    differs: (before, after) => compared.some((property) => before[property] !== after[property]),
  };
}
