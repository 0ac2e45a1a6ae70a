import { renderTable } from '../../measurement/table';
import type { Finding, FuzzRun, StatusCounts } from './run-requests';

const MOST_SHOWN = 20;

/** How often each route was answered with each status. */
export function renderCounts(counts: StatusCounts): string {
  const statuses = [...new Set([...counts.values()].flatMap((byStatus) => [...byStatus.keys()]))].sort(
    (left, right) => left - right,
  );
  const rows = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
  return renderTable(
    'Answers by route and status',
    [
      { title: 'route', align: 'left', render: ([route]) => route },
      ...statuses.map((status) => ({
        title: String(status),
        render: ([, byStatus]: (typeof rows)[number]) => String(byStatus.get(status) ?? ''),
      })),
    ],
    rows,
  );
}

/** How often requests were broken in each way. */
export function renderLabels({ labels }: FuzzRun): string {
  const rows = [...labels].sort(([, left], [, right]) => right - left);
  return renderTable(
    'What was wrong with the requests',
    [
      { title: 'fault', align: 'left', render: ([label]) => label },
      { title: 'requests', render: ([, count]) => String(count) },
    ],
    rows,
  );
}

/** The first findings, each with a command that repeats it. */
export function renderFindings(findings: readonly Finding[]): string {
  const shown = findings
    .slice(0, MOST_SHOWN)
    .map(
      ({ number, label, problem, repeat, answer }) =>
        `Request ${number} (${label}): ${problem}\n  ${repeat}\n  ${answer.replaceAll(/\s+/g, ' ')}`,
    );
  const rest = findings.length - shown.length;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n\n');
}
