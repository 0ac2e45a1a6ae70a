import { requireNumber } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import { quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import type { CompiledEntity } from './compiled-entity';
import type { Page, PageOptions } from './entity-repository';
import { readCursor, renderCursor } from './page-cursor';
import { placeOrder, requireUniqueOrder } from './page-order';
import { planFind, selectOf } from './plan-find';
import { readRows } from './read-rows';
import { renderAfter } from './render-after';
import { readOrder, renderOrder } from './render-order';

/** Reads the page that begins behind a cursor, and one row more, which tells whether there is another page. */
export async function findPage<Entity>(
  manager: EntityManager,
  entity: CompiledEntity,
  { after, limit, ...options }: PageOptions<Entity>,
): Promise<Page<Entity>> {
  requireNumber('limit', limit, { min: 1, integer: true });
  const order = readOrder(entity.tree, options.order);
  requireUniqueOrder(entity.metadata, order);
  const places = placeOrder(order, selectOf(entity, options).columns);
  const orderText = `${quoteTable(entity.metadata)} ${renderOrder(order)}`;
  const texts = after === undefined ? undefined : readCursor(orderText, after);
  const plan = planFind(entity, { ...options, limit: limit + 1 }, (values) =>
    texts === undefined ? undefined : renderAfter(order, texts, values),
  );
  const reader = new PageReader(plan.reader, places, limit);
  const entities = await readRows<Entity>(manager, { ...plan, reader, isRead: true });
  if (entities.length <= limit) return { entities, next: null };
  entities.length = limit;
  return { entities, next: renderCursor(orderText, reader.last) };
}

/** Reads the rows of a page, and keeps of its last one what the server sent for the order. */
class PageReader implements RowReader {
  last: readonly (string | null)[] = [];
  readonly #reader: RowReader;
  readonly #places: readonly number[];
  readonly #limit: number;

  constructor(reader: RowReader, places: readonly number[], limit: number) {
    this.#reader = reader;
    this.#places = places;
    this.#limit = limit;
  }

  open(columns: readonly FieldDescription[]): ReadRow {
    const readRow = this.#reader.open(columns);
    let count = 0;
    return (fields) => {
      const read = readRow(fields);
      if (read !== undefined) count += 1;
      if (read !== undefined && count === this.#limit) {
        this.last = this.#places.map((place) => fields[place] ?? null);
      }
      return read;
    };
  }
}
