import type { Line } from './line';
import type { Look } from './look';

/** A line, and how much it matters: where there is no room, what matters least is left out. */
export interface Row {
  readonly line: Line;
  /** 0 to 9. */
  readonly weight: number;
}

/** Enough for whatever happens at once, and little enough to be taken in at a glance. */
const MOST_ROWS = 15;

/** As many of the rows as there is room for, in their order. */
export function fitRows(rows: readonly Row[], { rows: height }: Pick<Look, 'rows'>): readonly Row[] {
  // The cursor has a line of its own.
  const excess = rows.length - Math.max(1, Math.min(MOST_ROWS, height - 1));
  if (excess <= 0) return rows;
  const lightest = rows
    .map((row, at) => ({ at, weight: row.weight }))
    .sort((one, other) => one.weight - other.weight || other.at - one.at);
  const left = new Set(lightest.slice(0, excess).map(({ at }) => at));
  return rows.filter((_, at) => !left.has(at));
}
