import type { OrderTerm } from './render-order';

/** A column of an order, and what it is in the last row of the page before. */
interface Place {
  readonly term: OrderTerm;
  /** Undefined where it is null. */
  readonly parameter: string | undefined;
}

/**
 * Renders the rows that come after a place of an order, as ranges that have no row in common, each of which an index in this order has in
 * one piece. None: nothing comes after it.
 * @param texts Of each column in the row at the place, as the server sent it.
 * @param values Parameters of the statement; those of the place are added.
 */
export function renderAfter(
  order: readonly OrderTerm[],
  texts: readonly (string | null)[],
  values: unknown[],
): string[] {
  const places = order.map((term, at): Place => {
    const text = texts[at] ?? null;
    return { term, parameter: text === null ? undefined : `$${values.push(text)}` };
  });
  return renderRow(places) ?? renderRanges(places);
}

/** As one comparison, where all columns go in one direction and none is ever null. */
function renderRow(places: readonly Place[]): string[] | undefined {
  const [first] = places;
  const isPlain = places.every(
    ({ term, parameter }) =>
      parameter !== undefined && !term.column.isNullable && term.direction === first?.term.direction,
  );
  if (first === undefined || !isPlain) return undefined;
  const columns = places.map(({ term }) => term.sql).join(', ');
  const parameters = places.map(({ parameter }) => parameter).join(', ');
  return [`(${columns}) ${comparisonOf(first.term)} (${parameters})`];
}

/** Behind it in the last column among rows that are equal in all others, then in the last but one, and so on. */
function renderRanges([place, ...rest]: readonly Place[]): string[] {
  if (place === undefined) return [];
  const { term, parameter } = place;
  const isEqual = parameter === undefined ? `${term.sql} IS NULL` : `${term.sql} = ${parameter}`;
  return [...renderRanges(rest).map((range) => `${isEqual} AND ${range}`), ...renderBehind(place)];
}

function renderBehind({ term, parameter }: Place): string[] {
  const { sql, column } = term;
  const areNullsLast = term.nulls === undefined ? term.direction === 'ASC' : term.nulls === 'LAST';
  if (parameter === undefined) return areNullsLast ? [] : [`${sql} IS NOT NULL`];
  const behind = `${sql} ${comparisonOf(term)} ${parameter}`;
  return column.isNullable && areNullsLast ? [behind, `${sql} IS NULL`] : [behind];
}

function comparisonOf({ direction }: OrderTerm): string {
  return direction === 'ASC' ? '>' : '<';
}
