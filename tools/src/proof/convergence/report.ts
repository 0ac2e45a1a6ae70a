import { renderTable } from '../../measurement/table';
import type { KillFigures } from './kills';
import type { RaceFigures } from './race-runners';
import type { Setting } from './setting';
import type { Stage } from './stage';

/** What is done, for people. */
export function renderSetting(setting: Setting, { wanted, undisturbedMs }: Stage, version: number): string {
  const own = wanted.indexes.filter(({ constraint }) => constraint === null).length;
  return [
    `${own} indexes on five tables of ${setting.rows.toLocaleString('en')} rows each, on PostgreSQL ${version}. A run that nobody disturbs takes ${(undisturbedMs / 1_000).toFixed(1)} s.`,
    `Seed ${setting.seed}.`,
  ].join('\n');
}

/** What became of the runs that were ended. */
export function renderKills(ways: {
  readonly runners: KillFigures;
  readonly servers: KillFigures;
  readonly plain: KillFigures;
}): string {
  const rows = [
    { title: 'holdfast migrate, runner killed', figures: ways.runners },
    { title: 'holdfast migrate, server crashed', figures: ways.servers },
    { title: 'typeorm migration:run, server crashed', figures: ways.plain },
  ];
  return renderTable(
    'Runs that were ended at random points, each followed by one more.',
    [
      { title: '', render: ({ title }) => title, align: 'left' },
      { title: 'ended', render: ({ figures }) => String(figures.ended) },
      { title: 'not\nfinished', render: ({ figures }) => String(figures.leftUndone) },
      { title: 'left an\nunusable index', render: ({ figures }) => String(figures.leftUnusable) },
      {
        title: 'not as declared\nafter one more',
        render: ({ figures }) => String(figures.deviations.length),
      },
    ],
    rows,
  );
}

/** What became of the races. */
export function renderRaces({ rounds, won }: RaceFigures, { racers }: Setting): string {
  return `${racers} runners at once, ${rounds} times: in ${won} rounds one did all the work, the others none, and nobody failed.`;
}

/** What the columns mean. */
export function renderLegend(): string {
  return [
    'Declared: every index equal to that of an undisturbed run and valid, none besides, and each migration recorded once.',
    'The plain migration has CREATE INDEX CONCURRENTLY IF NOT EXISTS for the same indexes.',
  ].join('\n');
}
