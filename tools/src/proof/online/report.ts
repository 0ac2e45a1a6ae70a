import { renderTable } from '../../measurement/table';
import type { Latencies } from './latencies';
import { type OnlineFigures, PHASES, type PlainFigures } from './phases';
import type { Setting } from './setting';
import type { Stage } from './stage';

const TITLES = {
  before: 'before',
  busy: 'a session that only computes',
  build: 'all indexes are built',
  replace: 'all are replaced',
  drop: 'all are dropped',
  after: 'after',
} as const;

/** What is done, for people. */
export function renderSetting(setting: Setting, { indexes }: Stage, version: number): string {
  return [
    `${setting.events.toLocaleString('en')} events, on PostgreSQL ${version}. ${setting.writers} writers append one event after another without a pause, while`,
    `${indexes.length} indexes are built, replaced and dropped. ${
      setting.commitWaitMs > 0
        ? `A commit waits ${setting.commitWaitMs} ms for its disk.`
        : 'A commit waits for the disk of this machine.'
    }`,
  ].join('\n');
}

/** What the writers have seen. */
export function renderLatencies(online: OnlineFigures, plain: PlainFigures): string {
  const rows = [
    ...PHASES.map((phase) => ({
      title: `${phase === 'busy' ? '' : 'holdfast migrate: '}${TITLES[phase]}`,
      latencies: online.phases[phase],
      calm: online.phases.before,
    })),
    { title: 'holdfast migrate: in all', latencies: online.migration, calm: online.phases.before },
    { title: 'ordinary migration: before', latencies: plain.before, calm: plain.before },
    { title: 'ordinary migration: all are built', latencies: plain.build, calm: plain.before },
  ];
  const ms = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
  const column = (title: string, read: (latencies: Latencies) => string) => ({
    title,
    render: (row: (typeof rows)[number]) => read(row.latencies),
  });
  return renderTable(
    'What the writers saw. Times in milliseconds.',
    [
      { title: '', render: ({ title }) => title, align: 'left' },
      column('seconds', ({ seconds }) => seconds.toFixed(0)),
      column('appends', ({ appended }) => appended.toLocaleString('en')),
      column('failed', ({ failed }) => String(failed)),
      column('per second', ({ appended, seconds }) => Math.round(appended / seconds).toLocaleString('en')),
      column('median', ({ medianMs }) => ms(medianMs)),
      column('p99', ({ p99Ms }) => ms(p99Ms)),
      { title: '× before', render: ({ latencies, calm }) => (latencies.p99Ms / calm.p99Ms).toFixed(1) },
      column('longest', ({ longestMs }) => ms(longestMs)),
    ],
    rows,
  );
}
