import { createDataSource } from '@holdfast/db';
import { migrate } from '@holdfast/online-schema';
import { listDeviations, readCatalogState } from './catalog-state';
import type { ConvergenceRun } from './stage';

/** What the races came to. */
export interface RaceFigures {
  readonly rounds: number;
  /** Rounds in which one runner did all the work and every other one none. */
  readonly won: number;
  /** What went wrong in the others, by round. */
  readonly problems: readonly string[];
}

/** Starts many runners at once, on a database of its own in each round. */
export async function raceRunners({ setting, stage, signal }: ConvergenceRun): Promise<RaceFigures> {
  const problems: string[] = [];
  let won = 0;
  for (let round = 1; round <= setting.rounds; round++) {
    signal.throwIfAborted();
    const found = await stage.withDatabase(async (url) => {
      const ends = await Promise.allSettled(Array.from({ length: setting.racers }, () => runOne(url)));
      const failures = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
      const winners = ends.filter((end) => end.status === 'fulfilled' && end.value > 0).length;
      const extra = winners === 1 ? [] : [`${winners} runners worked`];
      return [...failures, ...extra, ...listDeviations(stage.wanted, await readCatalogState(url))];
    });
    if (found.length === 0) won += 1;
    else problems.push(`round ${round}: ${found.join(', ')}`);
  }
  return { rounds: setting.rounds, won, problems };
}

/** @returns how many migrations this runner has applied. */
async function runOne(url: string): Promise<number> {
  const dataSource = await createDataSource('test', {
    DATABASE_URL: url,
    DATABASE_POOL_MIN: '0',
    DATABASE_POOL_MAX: '2',
  }).initialize();
  try {
    return (await migrate(dataSource)).length;
  } finally {
    await dataSource.destroy();
  }
}
