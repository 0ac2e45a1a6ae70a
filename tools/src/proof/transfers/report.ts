import { type Column, renderTable } from '../../measurement/table';
import { renderCount } from '../line-chart';
import { countWrongAnswers } from './audit';
import { sumFaults } from './fault-counts';
import type { RunFigures } from './run-way';
import type { Setting } from './setting';
import type { TransfersFigures } from './transfers-claims';
import { TITLES, WAYS } from './ways';

/** What is done, for people. */
export function renderSetting(setting: Setting, version: number): string {
  const { transfers, clients, accounts, refusedShare, crashes, seed } = setting;
  return [
    `${renderCount(clients)} clients, each with a pool of its own behind a proxy of its own, make ${renderCount(transfers)} transfers between ${accounts} accounts, once in`,
    `each way, on PostgreSQL ${version}; ${refusedShare * 100} % ask for more than there is. Meanwhile connections are cut and frozen at messages of`,
    `the protocol, and the server crashes ${crashes} times: halted at once and started again, or one of its processes is killed.`,
    'Half of the clients of Holdfast send their writes with COMMIT.',
    `Seed ${seed}.`,
  ].join('\n');
}

interface Row {
  readonly title: string;
  readonly figures: RunFigures;
}

const OUTCOMES: readonly Column<Row>[] = [
  { title: 'outcome known by', align: 'left', render: ({ title }) => title },
  { title: 'committed', render: ({ figures }) => renderCount(figures.audit.committed) },
  { title: 'refused', render: ({ figures }) => renderCount(figures.audit.refused) },
  { title: 'given\nup', render: ({ figures }) => renderCount(sum(figures.audit.givenUp)) },
  { title: 'unknown', render: ({ figures }) => renderCount(figures.audit.unknown) },
  { title: 'wrong', render: ({ figures }) => renderCount(countWrongAnswers(figures.audit)) },
  { title: 'transactions', render: ({ figures }) => renderCount(figures.course.attempts) },
  { title: 'found out\nby witness', render: ({ figures }) => renderCount(figures.course.resolvedByWitness) },
  { title: 'found out\nby token', render: ({ figures }) => renderCount(figures.course.resolvedByToken) },
];

const FAULTS: readonly Column<Row>[] = [
  { title: 'outcome known by', align: 'left', render: ({ title }) => title },
  { title: 'cuts', render: ({ figures }) => renderCount(sumFaults(figures.faults).cuts) },
  { title: 'at\nCOMMIT', render: ({ figures }) => renderCount(sumFaults(figures.faults).cutsAtCommit) },
  { title: 'freezes', render: ({ figures }) => renderCount(sumFaults(figures.faults).freezes) },
  { title: 'at\nCOMMIT', render: ({ figures }) => renderCount(sumFaults(figures.faults).freezesAtCommit) },
  { title: 'crashes', render: ({ figures }) => renderCount(figures.crashes) },
  { title: 'seconds', render: ({ figures }) => figures.seconds.toFixed(1) },
];

/** A line for each run, in two tables: what clients were told, and what they went through. */
export function renderRuns(runs: TransfersFigures): readonly string[] {
  const rows = WAYS.map((way) => ({ title: TITLES[way], figures: runs[way] }));
  return [renderTable('What the clients were told', OUTCOMES, rows), renderTable('What broke', FAULTS, rows)];
}

/** What the columns mean. */
export function renderLegend({ commitMs, longestFreezeMs }: Setting): string {
  return [
    'refused       the CHECK refused them, as it should',
    'given up      failed for another reason, such as retries that were used up; not applied',
    'unknown       reported as an ambiguous outcome: applied once or not at all',
    'wrong         reported committed and not there exactly once, or reported failed and there, or there twice',
    'transactions  begun, for all transfers together',
    'found out     transfers with a COMMIT that had no answer, by what told its outcome; the last, if there were several',
    `freezes       the connection says nothing for up to ${longestFreezeMs} ms, then goes on; clients wait ${commitMs} ms for a COMMIT`,
  ].join('\n');
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
