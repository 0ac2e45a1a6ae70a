import { renderDuration } from '../../run/render-quantity';
import type { Blocker } from '../../run/run-event';
import { type Line, paint, withTail } from './line';
import type { Look } from './look';
import { breakLines, neutralise } from './plain-text';
import { renderElapsed } from './quantities';
import type { ScreenEvent } from './reduce';
import type { ScreenState, Wait } from './screen-state';

const INDENT = '      ';
const MOST_NAMED = 3;

/**
 * The lines that the event leaves behind for good, above what is redrawn: what was done, and what somebody should know.
 *
 * @param before the state that the event has found.
 */
export function renderDone(before: ScreenState, event: ScreenEvent, look: Look, nowMs: number): string[] {
  switch (event.type) {
    case 'step': {
      const doing = `${INDENT}${event.action.padEnd(16)} ${event.name}`;
      return [
        withTail(doing, undefined, renderDuration(event.elapsedMs) + attempts(before, event.name), look),
      ].map((line) => paint(line, look));
    }
    case 'applied':
    case 'reverted': {
      const { number, total } = before.migration ?? { number: 0, total: 0 };
      const tail = `${event.type} in ${renderDuration(event.elapsedMs)}${attempts(before, event.name)}`;
      return [paint(withTail(`[${number}/${total}] ${event.name}`, 'good', tail, look), look)];
    }
    case 'notice':
      return breakText(`${event.name}: ${event.message}`, look);
    case 'unblocked':
      return breakText(
        `${event.name}: waited ${renderDuration(event.waitedMs)}${forWhom(before.wait)}`,
        look,
      );
    case 'pending': {
      const { wait } = before;
      if (wait?.kind !== 'run') return [];
      const who = wait.holder === undefined ? '' : ` (pid ${wait.holder.pid})`;
      return breakText(`waited ${renderElapsed(nowMs - wait.sinceMs)} for another run${who}`, look);
    }
    case 'waiting':
    case 'started':
    case 'step-started':
    case 'progress':
    case 'blocked':
    case 'lock-timeout':
    case 'stopping':
    case 'ended':
      return [];
    default:
      return event satisfies never;
  }
}

/** How often its lock was asked for, where once was not enough. */
function attempts({ wait }: ScreenState, name: string): string {
  return wait?.kind === 'lock' && wait.name === name ? `, lock had at attempt ${wait.attempt + 1}` : '';
}

function forWhom(wait: Wait | undefined): string {
  if (wait?.kind !== 'sessions') return '';
  const who = ({ pid, application }: Blocker) =>
    pid === 0 ? 'a prepared transaction' : application ? `pid ${pid} (${application})` : `pid ${pid}`;
  const named = wait.blockers.slice(0, MOST_NAMED).map(who).join(', ');
  const more = wait.blockers.length - MOST_NAMED;
  return ` for ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

// What stays is not cut: it may be the line that says what to do.
function breakText(text: string, look: Look): string[] {
  const room = Math.max(1, look.columns - INDENT.length - 2);
  return breakLines(neutralise(text, look), room).map((line, at) => {
    const painted: Line = [`${INDENT}${at === 0 ? '' : '  '}`, line];
    return paint(painted, look);
  });
}
