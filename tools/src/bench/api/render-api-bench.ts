import type { Quartiles } from '../quartiles';
import { renderFigure } from '../render-figure';
import { CONTENDERS, type Contender } from './contenders';
import type { OpenFigures } from './open-loop';
import type { ApiBenchReport, WorkloadFigures } from './report';
import { WORKLOAD_TITLES, WORKLOADS, type Workload } from './workloads';

/** Between these, docs/benchmarks-api.md is what the benchmark writes; the rest of the page is somebody's. */
const MARKERS = Object.freeze({
  from: '<!-- npm run bench:api writes from here … -->',
  to: '<!-- … to here -->',
});

const NAMES: Readonly<Record<Contender, string>> = Object.freeze({
  holdfast: 'the service',
  bare: 'by hand',
  joined: 'by hand, the key with the statement',
});

/** Packages that take less are summed up. */
const LEAST_SHARE = 0.01;

/** The figures as Markdown: the same report gives the same text. */
export function renderApiBench(report: ApiBenchReport): string {
  const { command, machine, seconds, workloads } = report;
  const { cpu, cores, node, postgres } = machine;
  return [
    `Made by \`${command}\` on ${cores} × ${cpu}, Node ${node}, PostgreSQL ${postgres}, in ${seconds} s; [api.json](benchmarks/api.json).`,
    '### In turns',
    renderTurns(workloads),
    '### More than is borne',
    renderLoads(workloads),
    ...WORKLOADS.flatMap((workload) => renderProfile(workload, workloads[workload])),
  ].join('\n\n');
}

/** The page with the text between its markers replaced. @throws Error for a page without them. */
export function replaceApiBench(page: string, text: string): string {
  const from = page.indexOf(MARKERS.from);
  const to = page.indexOf(MARKERS.to);
  if (from === -1 || to < from) throw new Error('the page has no markers for the benchmark of the service');
  return `${page.slice(0, from + MARKERS.from.length)}\n\n${text}\n\n${page.slice(to)}`;
}

type Workloads = Readonly<Record<Workload, WorkloadFigures>>;

function renderTurns(workloads: Workloads): string {
  const head = [
    'request',
    'of',
    'requests/s',
    'p50, ms',
    'p99, ms',
    'server CPU',
    'client CPU',
    'server ms per request',
    'database ms per request',
    'the service, of it',
  ];
  const rows = WORKLOADS.flatMap((workload) =>
    CONTENDERS.map((contender) => {
      const { closed, ratios } = workloads[workload];
      const { requestsPerSecond, p50Ms, p99Ms, cpu, serverMsPerRequest, databaseMsPerRequest } =
        closed[contender];
      return [
        `\`${WORKLOAD_TITLES[workload]}\``,
        NAMES[contender],
        renderFigure(requestsPerSecond),
        renderFigure(p50Ms),
        renderFigure(p99Ms),
        renderShare(cpu.server),
        renderShare(cpu.client),
        renderFigure(serverMsPerRequest ?? Number.NaN),
        renderFigure(databaseMsPerRequest ?? Number.NaN),
        contender === 'holdfast' ? '' : renderRatio(ratios[contender]),
      ];
    }),
  );
  return renderRows(head, rows);
}

function renderRatio({ median, lower, upper }: Quartiles): string {
  return `${median.toFixed(2)} × (middle half ${lower.toFixed(2)}–${upper.toFixed(2)})`;
}

function renderLoads(workloads: Workloads): string {
  const head = [
    'request',
    'load',
    'offered/s',
    'accepted/s',
    'refused',
    'failed',
    'p50, ms',
    'p99, ms',
    'p99 of refusals, ms',
    'client late, p99, ms',
    'server CPU',
    'client CPU',
  ];
  const row = (workload: Workload, load: string, open: OpenFigures): string[] => [
    `\`${WORKLOAD_TITLES[workload]}\``,
    load,
    renderFigure(open.offered),
    renderFigure(open.acceptedPerSecond),
    renderShare(open.refused / (open.accepted + open.refused + open.failed)),
    String(open.failed),
    renderFigure(open.p50Ms),
    renderFigure(open.p99Ms),
    open.refused === 0 ? '–' : renderFigure(open.refusedP99Ms),
    renderFigure(open.lagP99Ms),
    renderShare(open.cpu.server),
    renderShare(open.cpu.client),
  ];
  const rows = WORKLOADS.flatMap((workload) => {
    const { heavy, excessive } = workloads[workload].open;
    return [row(workload, '80 %', heavy), row(workload, '200 %', excessive)];
  });
  return `${renderRows(head, rows)}\n\n${WORKLOADS.map((workload) => renderGrowth(workload, workloads[workload])).join('\n')}`;
}

function renderGrowth(workload: Workload, { open }: WorkloadFigures): string {
  const { median, lower, upper } = open.growth;
  return `- \`${WORKLOAD_TITLES[workload]}\`: at 200 % the p99 is ${median.toFixed(2)} × that at 80 %, round by round (middle half ${lower.toFixed(2)}–${upper.toFixed(2)}).`;
}

function renderProfile(workload: Workload, { profile }: WorkloadFigures): string[] {
  const shown = profile.filter(({ share }) => share >= LEAST_SHARE);
  const rest = profile.filter(({ share }) => share < LEAST_SHARE).reduce((sum, { share }) => sum + share, 0);
  const rows = shown.map(({ name, share, top, topShare }) => [
    name,
    renderShare(share),
    `\`${top}\`, ${renderShare(topShare)}`,
  ]);
  return [
    `### Where the time of the service goes: \`${WORKLOAD_TITLES[workload]}\``,
    renderRows(
      ['package', 'of its busy time', 'most of it in'],
      [...rows, ['all others', renderShare(rest), '']],
    ),
  ];
}

function renderShare(share: number | undefined): string {
  return share === undefined || !Number.isFinite(share) ? '–' : `${(share * 100).toFixed(1)} %`;
}

function renderRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
