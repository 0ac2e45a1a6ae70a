import type { QueryRunner } from 'typeorm';

/** Something that a migration did, or found done already. */
export interface MigrationStep {
  readonly action:
    | 'create extension'
    | 'build index'
    | 'rebuild index'
    | 'replace index'
    | 'drop index'
    | 'keep index';
  readonly name: string;
  readonly elapsedMs: number;
}

export type StepListener = (step: MigrationStep) => void;

// A migration is given nothing but its query runner, so that is what a listener is tied to.
const listeners = new WeakMap<QueryRunner, StepListener>();

/** Tells `listener` of every step that migrations take on this runner from now on. */
export function listenToSteps(runner: QueryRunner, listener: StepListener): void {
  listeners.set(runner, listener);
}

/** Runs a step and reports it with its duration; under the plain typeorm CLI nobody listens. */
export async function runStep<T>(
  runner: QueryRunner,
  action: MigrationStep['action'],
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  listeners.get(runner)?.({ action, name, elapsedMs: performance.now() - startedAt });
  return result;
}
