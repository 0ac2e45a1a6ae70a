import { renderFigure } from '../render-figure';
import type { Interval } from './interval';
import type { OperationName } from './layer';
import { BASELINE, CONTROL, OURS, OURS_BULK } from './line-up';
import { OPERATIONS } from './operations';
import type { CellFigures, LayerCell, PeersReport } from './report';

/** Between these, docs/benchmarks-peers.md is what the benchmark writes; the rest of the page is somebody's. */
const MARKERS = Object.freeze({
  from: '<!-- npm run bench:peers writes from here … -->',
  to: '<!-- … to here -->',
});

/** The figures as Markdown: the same report gives the same text. */
export function renderPeers(report: PeersReport): string {
  const { command, machine, seconds, rounds, setting } = report;
  const { cpu, cores, node, postgres } = machine;
  const callers = setting.callers.join(' / ');
  return [
    `Made by \`${command}\` on ${cores} × ${cpu} for client and server together, Node ${node}, PostgreSQL ${postgres}, in ${seconds} s and ${rounds} rounds; [peers.json](benchmarks/peers.json).`,
    '![Times of all layers, as parts of those of node-postgres with named statements](benchmarks/peers.svg)',
    `### Times, as parts of those of node-postgres with named statements, ${callers} at once`,
    renderTimes(report),
    '### Holdfast beside node-postgres, and beside whoever comes next to it',
    renderOurs(report),
    `### Processor time for each call, client + server, µs, ${callers} at once`,
    renderByLayer(report, (cells) => cells.map(renderCpu).join(' / ')),
    '### Round trips, bytes sent and received, of one call',
    renderTraffic(report),
    '### Made of',
    renderRows(
      ['layer', 'packages'],
      report.layers.map(({ name, madeOf }) => [name, madeOf.join(', ')]),
    ),
  ].join('\n\n');
}

/** The page with the text between its markers replaced. @throws Error for a page without them. */
export function replacePeers(page: string, text: string): string {
  const from = page.indexOf(MARKERS.from);
  const to = page.indexOf(MARKERS.to);
  if (from === -1 || to < from) throw new Error('the page has no markers for the benchmark of the peers');
  return `${page.slice(0, from + MARKERS.from.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** The baseline in microseconds, all others as ratios. */
function renderTimes(report: PeersReport): string {
  return renderByLayer(report, (cells) =>
    cells
      .map(({ name, wallUs, ratio }) =>
        name === BASELINE ? `${renderFigure(wallUs)} µs` : ratio.ratio.toFixed(2),
      )
      .join(' / '),
  );
}

function renderCpu({ clientCpuUs, serverCpuUs }: LayerCell): string {
  return `${renderFigure(clientCpuUs)} + ${serverCpuUs === null ? '–' : renderFigure(serverCpuUs)}`;
}

/** A row for each layer, a column for each operation: what is rendered of its cells, one for each number of callers. */
function renderByLayer(
  { layers, cells }: PeersReport,
  render: (cells: readonly LayerCell[]) => string,
): string {
  const rows = layers.map(({ name }) => [
    name,
    ...OPERATIONS.map((operation) => {
      const own = cells
        .filter((cell) => cell.operation === operation.name)
        .flatMap((cell) => cell.layers.filter((layer) => layer.name === name));
      return own.length === 0 ? '' : render(own);
    }),
  ]);
  return renderRows(['layer', ...OPERATIONS.map(({ number, title }) => `${number} ${title}`)], rows);
}

function renderOurs({ cells }: PeersReport): string {
  const head = ['operation', 'at once', 'of', 'of pg named', 'nearest other', 'of its time', 'noise'];
  const rows = cells.flatMap((cell) =>
    ([OURS, OURS_BULK] as const).flatMap((ours) => {
      const own = cell.layers.find(({ name }) => name === ours);
      return own === undefined ? [] : [renderOwn(cell, own)];
    }),
  );
  return renderRows(head, rows);
}

function renderOwn({ operation, callers, layers }: CellFigures, own: LayerCell): string[] {
  const by = own.name === OURS ? 'ours' : 'oursBulk';
  const [nearest] = layers
    .flatMap((layer) => {
      const interval = layer[by];
      const isOther = interval !== undefined && layer.name !== BASELINE && layer.name !== CONTROL;
      return isOther ? [{ name: layer.name, interval }] : [];
    })
    .toSorted((one, other) => other.interval.ratio - one.interval.ratio);
  const noise = layers.find(({ name }) => name === CONTROL)?.ratio;
  return [
    describe(operation),
    String(callers),
    own.name,
    renderInterval(own.ratio),
    nearest?.name ?? '–',
    nearest === undefined ? '–' : renderInterval(nearest.interval),
    noise === undefined ? '–' : renderInterval(noise),
  ];
}

function renderTraffic({ layers }: PeersReport): string {
  const rows = layers.map(({ name, traffic }) => [
    name,
    ...OPERATIONS.map((operation) => {
      const own = traffic[operation.name];
      if (own === undefined) return '';
      return `${own.roundTrips}, ${renderCount(own.sentBytes)}, ${renderCount(own.receivedBytes)}`;
    }),
  ]);
  return renderRows(['layer', ...OPERATIONS.map(({ number, title }) => `${number} ${title}`)], rows);
}

function renderCount(count: number): string {
  return count.toLocaleString('en-US');
}

function renderInterval({ ratio, lower, upper }: Interval): string {
  const bounds = [lower, upper].map((bound) => bound?.toFixed(2) ?? '?').join('–');
  return `${ratio.toFixed(2)} × (${bounds})`;
}

function describe(operation: OperationName): string {
  const found = OPERATIONS.find(({ name }) => name === operation);
  return `${found?.number} ${found?.title}`;
}

function renderRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
