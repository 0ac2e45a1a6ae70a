import { readErrorCode } from '@holdfast/resilience';
import { MigrationFailedError, RunStoppedError } from '../run/run-error';
import type { RunEvent } from '../run/run-event';
import type { CommandContext } from './command-context';
import { describeError } from './describe-error';
import type { RunFlags } from './run-flags';
import { showRun } from './screen/show-run';

/**
 * Runs migrations and prints what they tell: for people a screen or lines, or with `json` one JSON document per line, each with the
 * time as `at`, the last of type `done` or `failed`.
 *
 * @param key under which the names of the migrations stand in the last line.
 * @param summarise the last line for people.
 * @throws whatever the run throws.
 */
export async function reportRun(
  context: Pick<CommandContext, 'terminal' | 'signal'>,
  { json }: Pick<RunFlags, 'json'>,
  key: 'applied' | 'reverted',
  run: (report: (event: RunEvent) => void) => Promise<readonly string[]>,
  summarise: (names: readonly string[]) => string,
): Promise<void> {
  const { print } = context.terminal;
  if (json === undefined) {
    print(summarise(await showRun(context, run)));
    return;
  }
  const printJson = (line: object) => print(JSON.stringify({ at: new Date().toISOString(), ...line }));
  try {
    printJson({ type: 'done', [key]: await run(printJson) });
  } catch (error) {
    printJson({ type: 'failed', ...factsOf(error, key) });
    throw error;
  }
}

function factsOf(error: unknown, key: 'applied' | 'reverted'): object {
  const code = readErrorCode(error) ?? null;
  const message = describeError(error);
  if (error instanceof RunStoppedError) return { code, message, [key]: error.done, left: error.left };
  if (!(error instanceof MigrationFailedError))
    return { code, message, migration: null, step: null, statement: null };
  const { migration, step, statement } = error;
  return { code, message, migration, step, statement };
}
