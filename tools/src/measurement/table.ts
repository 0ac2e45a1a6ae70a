/** A column of a table, and how it is filled from a row. */
export interface Column<Row> {
  /** Its name; a long one in several lines. */
  readonly title: string;
  readonly render: (row: Row) => string;
  /** Default `right`, as figures are. */
  readonly align?: 'left' | 'right';
}

const GAP = '   ';

/** A table in plain text: a title, the names of the columns, a line for each row. */
export function renderTable<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const names = columns.map((column) => column.title.split('\n'));
  const headings = Math.max(0, ...names.map((lines) => lines.length));
  const blocks = columns.map(({ render, align }, at) => {
    const heading = Array.from({ length: headings }, (_, line) => names[at]?.[line] ?? '');
    const cells = [...heading, ...rows.map(render)];
    const width = Math.max(...cells.map((cell) => cell.length));
    return cells.map((cell) => (align === 'left' ? cell.padEnd(width) : cell.padStart(width)));
  });
  const lines = Array.from({ length: headings + rows.length }, (_, line) =>
    blocks
      .map((cells) => cells[line])
      .join(GAP)
      .trimEnd(),
  );
  return `${title}\n\n${lines.join('\n')}`;
}
