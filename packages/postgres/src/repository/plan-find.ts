import { InvalidOptionError, requireNumber } from '@holdfast/resilience';
import { requireFlag } from '../bulk/require-arguments';
import type { RowReader } from '../statements/row-reader';
import type { CompiledEntity } from './compiled-entity';
import type { CompiledSelect } from './compiled-select';
import type { FindOptions, ReadOptions } from './entity-repository';
import { readOrder, renderOrder } from './render-order';
import { renderWhere } from './render-where';

export const READ_OPTIONS = ['where', 'select', 'relations', 'order', 'withDeleted', 'comment'] as const;

/** How a list of entities is asked for, and who reads its rows. */
export interface FindPlan {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly reader: RowReader;
}

/** Ranges of the order that the rows are in; undefined for all of it. Its values become parameters. */
type RenderRanges = (values: unknown[]) => readonly string[] | undefined;

/** @throws InvalidOptionError; UnsupportedEntityError */
export function planFind<Entity>(
  entity: CompiledEntity,
  options: FindOptions<Entity>,
  renderRanges: RenderRanges = () => undefined,
): FindPlan {
  const { where, order, withDeleted = false, limit, offset = 0, comment } = options;
  requireFlag('withDeleted', withDeleted);
  if (limit !== undefined) requireNumber('limit', limit, { min: 0, integer: true });
  requireNumber('offset', offset, { min: 0, integer: true });
  const values: unknown[] = [];
  const conditions = [
    ...entity.listStandingConditions(withDeleted),
    where === undefined ? '' : renderWhere(entity.tree, where, { metadata: entity.metadata, values }),
  ];
  const ranges = renderRanges(values);
  const parts = {
    where: [...conditions, ranges?.length === 0 ? 'FALSE' : ''].filter(isPart).join(' AND '),
    order: order === undefined ? '' : renderOrder(readOrder(entity.tree, order)),
    range: renderRange(limit, offset),
    ...(ranges && { ranges }),
  };
  const head = comment === undefined ? '' : renderComment(comment);
  const reader = readerOf(entity, options, withDeleted);
  return { text: head + reader.render(parts), values, reader };
}

/** The selection of the entity itself. @throws InvalidOptionError */
export function selectOf<Entity>(
  entity: CompiledEntity,
  { select }: Pick<ReadOptions<Entity>, 'select'>,
): CompiledSelect {
  return select === undefined ? entity.whole : entity.select(requireProperties(select));
}

function readerOf<Entity>(entity: CompiledEntity, options: ReadOptions<Entity>, withDeleted: boolean) {
  const { select, relations } = options;
  if (relations === undefined) return selectOf(entity, options);
  if (select === undefined) return entity.join(relations, withDeleted);
  throw new InvalidOptionError('select', select, 'left out where relations are read');
}

/** In the text, so that the plan knows it. */
function renderRange(limit: number | undefined, offset: number): string {
  return [limit === undefined ? '' : `LIMIT ${limit}`, offset > 0 ? `OFFSET ${offset}` : '']
    .filter(isPart)
    .join(' ');
}

/** What would end it is left out, as TypeORM does. */
function renderComment(comment: unknown): string {
  if (typeof comment !== 'string') throw new InvalidOptionError('comment', typeof comment, 'a text');
  return `/* ${comment.replaceAll('*/', '')} */ `;
}

function requireProperties(select: unknown): readonly string[] {
  if (Array.isArray(select) && select.length > 0 && select.every((path) => typeof path === 'string'))
    return select;
  throw new InvalidOptionError('select', select, 'a list of at least one path of a property');
}

function isPart(part: string): boolean {
  return part !== '';
}
