import { renderRunEvent } from './render-event';
import type { RunEvent } from './run-event';

/** Nobody reads a log for each per cent, and somebody wants to see that a build of an hour is not stuck. */
const PROGRESS_EVERY_MS = 10_000;

/**
 * Turns events into plain lines, for a log: of progress only a change of phase, once a step takes long, and then a line
 * every ten seconds; of a lock that is not had the first attempts and then one in ten seconds.
 *
 * @param nowMs a monotonic clock.
 */
export function createRunLog(
  print: (line: string) => void,
  nowMs: () => number = () => performance.now(),
): (event: RunEvent) => void {
  let phase: string | undefined;
  let progressAtMs = Number.NEGATIVE_INFINITY;
  let lockAtMs = Number.NEGATIVE_INFINITY;

  const isNews = (event: RunEvent): boolean => {
    if (event.type === 'step-started') {
      phase = undefined;
      progressAtMs = nowMs();
    }
    if (event.type === 'progress') {
      const seen = `${event.name} ${event.progress.phase}`;
      const isLate = nowMs() - progressAtMs >= PROGRESS_EVERY_MS;
      if (!isLate && (phase === undefined || seen === phase)) {
        phase ??= seen;
        return false;
      }
      phase = seen;
      progressAtMs = nowMs();
    }
    if (event.type === 'lock-timeout') {
      if (event.attempt > 3 && nowMs() - lockAtMs < PROGRESS_EVERY_MS) return false;
      lockAtMs = nowMs();
    }
    return true;
  };
  return (event) => {
    if (!isNews(event)) return;
    const line = renderRunEvent(event);
    if (line !== '') print(line);
  };
}
