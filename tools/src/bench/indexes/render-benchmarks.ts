import { renderCount } from '../../proof/line-chart';
import { fitExponent } from './growth';
import { listLedgerRows, readTimes } from './index-ledger';
import type { PatternFigures } from './measure-pattern';
import {
  type IndexReport,
  type LedgerPart,
  listPatternRows,
  type Origin,
  type PatternRow,
  type ScalePart,
  type SetsPart,
} from './report';

/** Between these, docs/benchmarks.md is what the benchmark writes; the rest of the page is somebody's. */
export const MARKERS = Object.freeze({
  from: '<!-- npm run bench:indexes writes from here … -->',
  to: '<!-- … to here -->',
});

/** The figures as Markdown, as far as there are any: the same report gives the same text. */
export function renderBenchmarks(report: IndexReport): string {
  return [
    ...(report.scales.length === 0 ? [] : renderScales(report)),
    ...(report.sets === undefined ? [] : renderSets(report.sets)),
    ...(report.ledger === undefined ? [] : renderLedger(report, report.ledger)),
  ].join('\n\n');
}

/** The page with the text between its markers replaced. @throws Error for a page without them. */
export function replaceBetweenMarkers(page: string, text: string): string {
  const from = page.indexOf(MARKERS.from);
  const to = page.indexOf(MARKERS.to);
  if (from === -1 || to < from) throw new Error('the page has no markers for the benchmark of indexes');
  return `${page.slice(0, from + MARKERS.from.length)}\n\n${text}\n\n${page.slice(to)}`;
}

function renderScales(report: IndexReport): string[] {
  return [
    '### Every pattern, with and without its index',
    ...report.scales.map((scale) =>
      renderOrigin(`indexes-${scale.events}`, `${renderCount(scale.events)} events`, scale),
    ),
    renderPatterns(report),
    ...report.scales.flatMap(renderSkipped),
    ...renderRefused(report.scales.at(-1)?.refused ?? []),
    '![Buffers by events](benchmarks/indexes-growth.svg)',
    '![Buffers of each pattern](benchmarks/indexes-patterns.svg)',
    '### What contracts allow',
    renderAllowances(report),
    '### Against the twenty-one as they were planned: buffers',
    renderLiteral(report),
  ];
}

function renderOrigin(file: string, what: string, { command, machine, seconds }: Origin): string {
  const { cpu, cores, memoryBytes, node, postgres } = machine;
  const on = `${cores} × ${cpu}, ${(memoryBytes / 2 ** 30).toFixed(0)} GiB, Node ${node}, PostgreSQL ${postgres}`;
  return `${what}: made by \`${command}\` on ${on}, in ${renderCount(seconds)} s; [${file}.json](benchmarks/${file}.json).`;
}

function renderSkipped({ events, skipped }: ScalePart): string[] {
  if (skipped.length === 0) return [];
  const each = skipped.map(({ name, reason }) => `${name} (${reason})`);
  return [`Too few rows at ${renderCount(events)}: ${each.join('; ')}.`];
}

function renderRefused(refused: readonly string[]): string[] {
  return refused.length === 0
    ? []
    : [
        `Not measured, since a unique index refuses a statement, which without it is another call: ${refused.join('; ')}.`,
      ];
}

function renderPatterns(report: IndexReport): string {
  const events = report.scales.map((scale) => scale.events);
  const last = renderCount(events.at(-1) ?? 0);
  return renderRows(
    [
      'pattern',
      'index',
      'rows',
      ...events.map((count) => `${renderCount(count)}: ms, p99, buffers`),
      `without, at ${last}`,
      'calls',
      'grows by',
      'without',
    ],
    listPatternRows(report).map(({ name, indexes, byScale }) => {
      const largest = byScale.at(-1);
      const grows = (kind: 'with' | 'without') =>
        renderExponent(fitExponent(byScale.map((one) => ({ events: one.events, value: one[kind].buffers }))));
      return [
        name,
        indexes.map((index) => `\`${index}\``).join(', '),
        String(largest?.with.rows ?? 0),
        ...events.map((count) => renderFigures(byScale.find((one) => one.events === count)?.with)),
        renderFigures(largest?.without),
        `${largest?.with.repetitions ?? 0}, ${largest?.without.repetitions ?? 0}`,
        grows('with'),
        grows('without'),
      ];
    }),
  );
}

function renderAllowances(report: IndexReport): string {
  const rows = listPatternRows(report).flatMap(({ name, allowed, growth }) =>
    allowed === undefined && growth === undefined
      ? []
      : [
          [
            name,
            allowed === undefined ? '–' : renderCount(allowed.buffers),
            allowed?.because ?? '',
            growth ?? '–',
          ],
        ],
  );
  return renderRows(['pattern', 'buffers of a statement', 'because', 'grows, since'], rows);
}

function renderLiteral(report: IndexReport): string {
  const times = ({ byScale }: PatternRow): number => {
    const last = byScale.at(-1);
    return last === undefined ? 0 : last.literal.buffers / Math.max(1, last.with.buffers);
  };
  const last = renderCount(report.scales.at(-1)?.events ?? 0);
  return renderRows(
    ['pattern', `shipped, at ${last}: ms, p99, buffers`, 'literal', 'buffers, literal / shipped'],
    listPatternRows(report)
      .toSorted((one, other) => times(other) - times(one))
      .map((row) => {
        const largest = row.byScale.at(-1);
        return [
          row.name,
          renderFigures(largest?.with),
          renderFigures(largest?.literal),
          `${renderTimes(times(row))} ×`,
        ];
      }),
  );
}

function renderSets(sets: SetsPart): string[] {
  const { shipped, literal, timesInsertRate, events } = sets;
  const row = (
    what: string,
    read: (set: typeof shipped) => number,
    times = `${(read(shipped) / read(literal)).toFixed(2)} ×`,
  ): string[] => [what, renderCount(read(shipped)), renderCount(read(literal)), times];
  const { lower, median, upper } = timesInsertRate;
  const times = `${median.toFixed(2)} × (middle half ${lower.toFixed(2)}–${upper.toFixed(2)})`;
  return [
    '### Against the twenty-one as they were planned: space and writing',
    renderOrigin('indexes-sets', `${renderCount(events)} events`, sets),
    renderRows(
      ['', 'shipped', 'literal', 'ratio'],
      [
        row('index bytes per event, as written', (set) => set.indexBytesPerEvent),
        row('index bytes per event, built anew', (set) => set.rebuiltBytesPerEvent),
        row('WAL bytes per event, table included', (set) => set.walBytesPerEvent),
        row('events inserted per second', (set) => set.eventsPerSecond, times),
      ],
    ),
    '![Bytes of each index](benchmarks/indexes-sets.svg)',
  ];
}

function renderLedger(report: IndexReport, ledger: LedgerPart): string[] {
  const beside = (one: { with: number; without: number }) =>
    `${renderCount(one.with)} → ${renderCount(one.without)}`;
  return [
    '### The ledger',
    renderOrigin('indexes-ledger', `${renderCount(ledger.events)} events`, ledger),
    renderRows(
      [
        'index',
        'bytes per row',
        'rows/s, with → without',
        'ratio',
        'WAL bytes per row',
        'not HOT by it alone',
        `dropping it, at ${renderCount(report.scales.at(-1)?.events ?? 0)}`,
        'verdict',
        'reason',
      ],
      listLedgerRows(report).map((row) => {
        const [worst] = row.drops;
        return [
          `\`${row.name}\``,
          row.bytesPerRow.toFixed(1),
          beside(row.rowsPerSecond),
          `${row.timesInsertRateWithout.toFixed(2)} ×`,
          beside(row.walBytesPerRow),
          row.soleColumns.join(', '),
          worst === undefined
            ? '–'
            : `${worst.pattern}: ${renderCount(worst.buffers)} → ${renderCount(worst.buffersWithout)} buffers, ${renderTimes(readTimes(worst))} ×`,
          row.verdict,
          row.reason,
        ];
      }),
    ),
  ];
}

function renderTimes(times: number): string {
  return times >= 100 ? renderCount(times) : times.toFixed(1);
}

function renderFigures(figures: PatternFigures | undefined): string {
  if (figures === undefined) return '–';
  const { medianMs, p99Ms, buffers } = figures;
  return `${renderMs(medianMs)}, ${renderMs(p99Ms)}, ${renderCount(buffers)}`;
}

function renderMs(ms: number): string {
  return ms >= 100 ? renderCount(ms) : ms.toPrecision(2);
}

function renderExponent(exponent: number | null): string {
  // Not minus nothing.
  return exponent === null ? '–' : `n^${(Math.round(exponent * 100) / 100 + 0).toFixed(2)}`;
}

function renderRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
