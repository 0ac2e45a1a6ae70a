import type { QueryRunner } from 'typeorm';
import type { StepLock } from '../plan/plan-step';
import type { MigrationStep, StepProgress } from '../run/run-event';
import { attachRun, runOf } from './run-context';

// Steps may run inside steps; who tells of progress or a blocker names the innermost.
const current = new WeakMap<QueryRunner, readonly string[]>();

type Step = Pick<MigrationStep, 'action' | 'name'>;
const failed = new WeakMap<Error, Step>();

/** Tells `listener` of every step that migrations have taken on this runner, from now on, and of nothing else. */
export function listenToSteps(runner: QueryRunner, listener: (step: MigrationStep) => void): void {
  attachRun(runner, {
    report: (event) => {
      if (event.type !== 'step') return;
      const { action, name, elapsedMs } = event;
      listener({ action, name, elapsedMs });
    },
  });
}

/**
 * Runs a step, and tells of its beginning and, with its duration, of its end.
 *
 * @param statement what is sent to the server, where it is one statement.
 * @param lock the strongest that is taken.
 */
export async function runStep<T>(
  runner: QueryRunner,
  action: MigrationStep['action'],
  name: string,
  work: () => Promise<T>,
  statement?: string,
  lock?: StepLock,
): Promise<T> {
  const { report } = runOf(runner);
  const startedAt = performance.now();
  report({ type: 'step-started', action, name, statement, ...(lock && { lock }) });
  const result = await within(runner, name, work).catch((error: unknown) => {
    // Of steps inside steps, the innermost is the one that failed.
    if (error instanceof Error && !failed.has(error)) failed.set(error, { action, name });
    throw error;
  });
  report({ type: 'step', action, name, elapsedMs: performance.now() - startedAt });
  return result;
}

/** The step that ended with this error; undefined where none did. */
export function failedStepOf(error: unknown): Step | undefined {
  return error instanceof Error ? failed.get(error) : undefined;
}

/** Runs work under a name by which events call it. */
export async function within<T>(runner: QueryRunner, name: string, work: () => Promise<T>): Promise<T> {
  const outer = current.get(runner) ?? [];
  current.set(runner, [...outer, name]);
  try {
    return await work();
  } finally {
    current.set(runner, outer);
  }
}

/** The step that is being taken, or else the migration; undefined under the plain typeorm command outside a step. */
export function currentName(runner: QueryRunner): string | undefined {
  return current.get(runner)?.at(-1);
}

/** Tells how far the step of that name has come, where Holdfast counts and not the server. */
export function tellProgress(runner: QueryRunner, name: string, progress: StepProgress): void {
  runOf(runner).report({ type: 'progress', name, progress });
}

/** Tells something that a person should know, and that stops nothing. */
export function tellNotice(runner: QueryRunner, name: string, message: string): void {
  runOf(runner).report({ type: 'notice', name, message });
}
