import type { RunEvent } from '../../run/run-event';
import { createRunLog } from '../../run/run-log';
import type { CommandContext } from '../command-context';

/**
 * Resolves as the run does, what it tells being shown meanwhile: on a screen where a person watches, and otherwise as
 * plain lines.
 */
export async function showRun<T>(
  { terminal, signal }: Pick<CommandContext, 'terminal' | 'signal'>,
  run: (report: (event: RunEvent) => void) => Promise<T>,
): Promise<T> {
  if (!terminal.isInteractive) return run(createRunLog(terminal.print));
  // What draws takes a quarter of a second to load, for which no other command should wait.
  const { openScreen } = await import('./open-screen.js');
  const screen = openScreen(terminal, { signal });
  try {
    return await run((event) => screen.show(event));
  } finally {
    screen.close();
  }
}
