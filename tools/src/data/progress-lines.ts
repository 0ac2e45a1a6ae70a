import { renderDuration } from '@holdfast/online-schema';
import { createTextAnnouncer, type TextStream } from '../announcer';
import { renderCount } from '../proof/line-chart';
import type { LoadProgress } from './load-options';

const BAR_WIDTH = 24;
/** Sooner the eye sees no difference. */
const REDRAW_MS = 100;
/** How many lines tell of a table where no line can be replaced. */
const PLAIN_LINES = 4;

/**
 * Makes a listener that tells how a load goes on: on a terminal a bar that is drawn again and again, elsewhere a line for
 * every quarter of the events.
 */
export function createProgressLines(
  stream: TextStream,
  nowMs: () => number = () => performance.now(),
): (progress: LoadProgress) => void {
  const announcer = createTextAnnouncer(stream);
  let startedAtMs = nowMs();
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let table = '';
  let told = 0;
  return (progress) => {
    if (progress.step === 'tables') announcer.say('Creating the tables …');
    else if (progress.step === 'statistics') announcer.say('Vacuuming and analysing …');
    else if (progress.step === 'indexes') announcer.progress(`Built ${progress.name} (${progress.built})`);
    else {
      const { done, total } = progress;
      if (table !== progress.table) {
        [table, startedAtMs, told] = [progress.table, nowMs(), 0];
      }
      const line = renderProgress(progress, nowMs() - startedAtMs);
      if (done === total) return announcer.say(line);
      if (nowMs() - drawnAtMs >= REDRAW_MS) {
        drawnAtMs = nowMs();
        announcer.progress(line);
      }
      const part = Math.floor((PLAIN_LINES * done) / total);
      if (stream.isTTY !== true && table === 'events' && part > told) {
        told = part;
        announcer.say(line);
      }
    }
  };
}

function renderProgress(
  { table, done, total }: Extract<LoadProgress, { step: 'rows' }>,
  elapsedMs: number,
): string {
  const filled = Math.round((BAR_WIDTH * done) / total);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const share = `${Math.floor((100 * done) / total)} %`.padStart(5);
  const rate = done > 0 && elapsedMs > 0 ? `  ${renderCount((done / elapsedMs) * 1000)}/s` : '';
  const left =
    done > 0 && done < total && elapsedMs > 0
      ? `  ${renderDuration((elapsedMs / done) * (total - done))} left`
      : '';
  return `${table.padEnd(18)} ${bar} ${share}  ${renderCount(done)} of ${renderCount(total)}${rate}${left}`;
}
