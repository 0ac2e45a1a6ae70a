import type { QueryRunner } from 'typeorm';
import { withLockRetry } from '../migration/lock-retry';
import { runStep } from '../migration/steps';
import type { MigrationStep } from '../run/run-event';

/** Runs, as a step, one statement that locks writers out for an instant once it has its lock, and never queues for it. */
export async function runBriefly(
  runner: QueryRunner,
  action: MigrationStep['action'],
  name: string,
  statement: string,
): Promise<void> {
  await runStep(
    runner,
    action,
    name,
    () => withLockRetry(runner, name, () => runner.query(statement)),
    statement,
  );
}
