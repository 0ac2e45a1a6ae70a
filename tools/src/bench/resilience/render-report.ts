import { type Column, renderTable } from '../../measurement/table';
import type { Quartiles } from '../quartiles';
import { renderFigure } from '../render-figure';
import { type FailureCost, FEW_CALLS, MANY_CALLS } from './failure-recording';
import type { Overhead, OverheadReport } from './overhead';

const NAME: Column<{ readonly name: string }> = { title: '', align: 'left', render: ({ name }) => name };

const TIME: readonly Column<Overhead>[] = [
  NAME,
  { title: 'ns per call', render: ({ nsPerCall }) => renderFigure(nsPerCall.median) },
  { title: 'middle half', render: ({ nsPerCall }) => renderRange(nsPerCall) },
  { title: '× bare', render: ({ timesBare }) => renderFigure(timesBare.median) },
  { title: 'middle half', render: ({ timesBare }) => renderRange(timesBare) },
];

const BYTES: readonly Column<Overhead>[] = [
  { title: 'bytes, gross', render: ({ bytesPerCall }) => renderFigure(bytesPerCall?.gross ?? Number.NaN) },
  { title: 'net', render: ({ bytesPerCall }) => renderFigure(bytesPerCall?.net ?? Number.NaN) },
];

const FAILURES: readonly Column<FailureCost>[] = [
  NAME,
  { title: `ns with ${renderCount(FEW_CALLS)} calls`, render: ({ few }) => renderFigure(few.median) },
  { title: `with ${renderCount(MANY_CALLS)}`, render: ({ many }) => renderFigure(many.median) },
  { title: 'growth, ×', render: ({ growth }) => renderFigure(growth.median) },
  { title: 'middle half', render: ({ growth }) => renderRange(growth) },
];

/** Everything that was measured. */
export interface Measurements {
  readonly libraries: OverheadReport;
  readonly selectOne: OverheadReport;
  readonly shapes: OverheadReport;
  readonly failures: readonly FailureCost[];
}

/** The tables of a run. */
export function renderTables({ libraries, selectOne, shapes, failures }: Measurements): readonly string[] {
  return [
    renderTable(
      `Around an operation that does nothing, one shape of each library. "Net" is without the bytes of the bare await,
which the measuring loop allocates for all of them. No garbage was collected meanwhile: its price is in the bytes.`,
      [...TIME, ...BYTES],
      libraries.rows,
    ),
    renderTable('Around select 1, on one connection to a server on this machine.', TIME, selectOne.rows),
    renderTable(
      'Around an operation that does nothing, with Holdfast in all of these shapes in one process.',
      [...TIME, ...BYTES],
      shapes.rows,
    ),
    renderTable(
      'One call that fails, by how many calls are in the window of the breaker.',
      FAILURES,
      failures,
    ),
  ];
}

function renderRange({ lower, upper }: Quartiles): string {
  return `${renderFigure(lower)}–${renderFigure(upper)}`;
}

function renderCount(count: number): string {
  return count.toLocaleString('en-US');
}
