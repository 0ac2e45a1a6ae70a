import { type Column, renderTable } from '../../measurement/table';
import type { Quartiles } from '../quartiles';
import { renderFigure } from '../render-figure';
import { BULK_ROWS } from './bulk';
import type { Row } from './comparison';
import { CALLERS, type Comparisons } from './comparisons';
import type { Traffic } from './traffic';

const NAME: Column<{ readonly name: string }> = { title: '', align: 'left', render: ({ name }) => name };

const TIME: readonly Column<Row>[] = [
  NAME,
  { title: 'µs', render: ({ nsPerOperation }) => renderFigure(nsPerOperation.median / 1e3) },
  { title: 'middle half', render: ({ nsPerOperation }) => renderRange(scale(nsPerOperation, 1e-3)) },
  { title: '× first', render: ({ timesFirst }) => renderFigure(timesFirst.median) },
  { title: 'middle half', render: ({ timesFirst }) => renderRange(timesFirst) },
];

const PER_SECOND: Column<Row> = {
  title: 'per second',
  render: ({ nsPerOperation }) => renderFigure(1e9 / nsPerOperation.median),
};

const TRAFFIC: readonly Column<Traffic>[] = [
  NAME,
  { title: 'round trips', render: ({ roundTrips }) => String(roundTrips) },
  { title: 'sent', render: ({ sent }) => String(sum(sent)) },
  { title: 'received', render: ({ received }) => String(received) },
  { title: 'of what was sent', align: 'left', render: ({ sent }) => renderSent(sent) },
];

/** The tables of a run. */
export function renderTables(
  { alone, crowded }: Comparisons,
  traffic: readonly Traffic[],
): readonly string[] {
  const perSecond = [...TIME, PER_SECOND];
  return [
    ...alone.flatMap(({ placement, lookUps, bulk, transactions }) => [
      renderTable(`A lookup by primary key; one caller, ${placement}.`, TIME, lookUps.rows),
      renderTable(
        `${BULK_ROWS} rows into an empty table, per row; one caller, ${placement}.`,
        TIME,
        bulk.rows,
      ),
      renderTable(
        `A transaction of an update and an insert; one caller, ${placement}.`,
        TIME,
        transactions.rows,
      ),
    ]),
    renderTable(`A lookup by primary key; ${CALLERS} callers.`, perSecond, crowded.lookUps.rows),
    renderTable(
      `A transaction of an update and an insert; ${CALLERS} callers.`,
      perSecond,
      crowded.transactions.rows,
    ),
    renderTable('32 lookups that are asked for in one tick.', TIME, crowded.oneTick.rows),
    renderTable('A connection is taken from the pool and given back.', TIME, crowded.acquisitions.rows),
    renderTable(
      `What an operation sends, most often, when statements are prepared. Messages of the protocol: Query, Parse, Bind, Describe, Execute,
Sync; copied data (d) and its end (c).`,
      TRAFFIC,
      traffic,
    ),
  ];
}

function renderRange({ lower, upper }: Quartiles): string {
  return `${renderFigure(lower)}–${renderFigure(upper)}`;
}

function scale({ lower, median, upper }: Quartiles, factor: number): Quartiles {
  return { lower: lower * factor, median: median * factor, upper: upper * factor };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function renderSent(sent: Traffic['sent']): string {
  return Object.entries(sent)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([type, count]) => `${count} ${type}`)
    .join(' ');
}
