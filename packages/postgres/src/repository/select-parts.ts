/** What the table is called in statements. */
export const ALIAS = '"t"';

/** What follows a selection. Each is empty where there is none. */
export interface SelectParts {
  /** Conditions on the entity itself, joined by AND. */
  readonly where: string;
  readonly order: string;
  /** Such as `LIMIT 5`. */
  readonly range: string;
  /**
   * Conditions of which no row fulfils two: rows that fulfil one of them. Each is looked up by itself, in the order and up to the limit, so that
   * each can be a range of an index. Default: none, which is all rows.
   */
  readonly ranges?: readonly string[];
}

/** What is selected from. */
interface Selected {
  /** Its name, quoted. */
  readonly table: string;
  /** What is wanted of it, such as `*`. */
  readonly columns: string;
}

/** Renders what stands behind FROM, up to the joins, and the parts that are still to follow. */
export function renderSource(
  { table, columns }: Selected,
  parts: SelectParts,
): SelectParts & { readonly source: string } {
  const { ranges = [], where, order, range } = parts;
  if (ranges.length < 2) {
    const conditions = [where, ...ranges].filter((condition) => condition !== '');
    return { source: `${table} ${ALIAS}`, where: conditions.join(' AND '), order, range };
  }
  const selects = ranges.map((one) => {
    const conditions = where === '' ? one : `${where} AND ${one}`;
    return `(SELECT ${columns} FROM ${table} ${ALIAS}${renderTail({ where: conditions, order, range })})`;
  });
  return { source: `(${selects.join(' UNION ALL ')}) ${ALIAS}`, where: '', order, range };
}

/** With a space in front of each part that there is. */
export function renderTail({ where, order, range }: SelectParts): string {
  let text = '';
  if (where !== '') text += ` WHERE ${where}`;
  if (order !== '') text += ` ORDER BY ${order}`;
  if (range !== '') text += ` ${range}`;
  return text;
}
