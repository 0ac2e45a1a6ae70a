import { renderBlocker } from './render-blocker';
import { renderDuration } from './render-quantity';
import type { LockHolder, RunEvent, StepProgress } from './run-event';

const INDENT = '      ';

/** One line for people. Empty for what only shows on a screen. */
export function renderRunEvent(event: RunEvent): string {
  switch (event.type) {
    case 'waiting':
      return `another migration is running${renderHolder(event.holder)}; waiting for it${renderRemedy(event.holder)}`;
    case 'pending':
      return renderPending(event);
    case 'started':
      return `[${event.number}/${event.total}] ${event.name}`;
    case 'step-started':
      return '';
    case 'progress':
      return `${INDENT}${event.name}: ${renderProgress(event.progress)}`;
    case 'blocked':
      return `${INDENT}${event.name}: waits for ${event.blockers.map(renderBlocker).join('; ')}`;
    case 'unblocked':
      return `${INDENT}${event.name}: goes on after waiting ${renderDuration(event.waitedMs)}`;
    case 'lock-timeout':
      return `${INDENT}${event.name}: ${renderLockTimeout(event)}`;
    case 'notice':
      return `${INDENT}${event.name}: ${event.message}`;
    case 'step':
      return `${INDENT}${event.action.padEnd(16)} ${event.name}  ${renderDuration(event.elapsedMs)}`;
    case 'applied':
    case 'reverted':
      return `${INDENT}${event.type} in ${renderDuration(event.elapsedMs)}`;
    default:
      return event satisfies never;
  }
}

/** As in `building index: scanning table, 41 % of 12345 blocks, about 20.0 s left`. */
function renderProgress({ phase, done, total, unit, remainingMs }: StepProgress): string {
  const measure =
    total > 0
      ? `, ${Math.floor((100 * done) / total)} % of ${total}${unit === undefined ? '' : ` ${unit}`}`
      : '';
  const left = remainingMs === undefined ? '' : `, about ${renderDuration(remainingMs)} left`;
  return `${phase}${measure}${left}`;
}

/** As in ` (pid 71, holdfast migrate, connected since …, at …)`; empty where nobody knows. */
export function renderHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return '';
  const { pid, application, since, state, query, progress } = holder;
  const doing = progress !== null ? renderProgress(progress) : state === 'active' ? query : null;
  const facts = [
    `pid ${pid}`,
    application || 'no application name',
    since === null ? null : `connected since ${since.toISOString()}`,
    doing === null ? null : `at ${doing.replaceAll(/\s+/g, ' ')}`,
  ];
  return ` (${facts.filter((fact) => fact !== null).join(', ')})`;
}

// A runner that was killed looks like one that works: whether its client is still there only people know.
function renderRemedy(holder: LockHolder | undefined): string {
  return holder === undefined
    ? ''
    : ` (if nobody runs it any more: select pg_terminate_backend(${holder.pid}))`;
}

// What is to be applied is said by the lines that follow; what is to be undone people want to see first.
function renderPending({ direction, names }: Extract<RunEvent, { type: 'pending' }>): string {
  return direction === 'up' || names.length === 0 ? '' : `will revert ${names.join(', then ')}`;
}

function renderLockTimeout({
  attempt,
  delayMs,
  blockers,
}: Extract<RunEvent, { type: 'lock-timeout' }>): string {
  const who = blockers.length === 0 ? '' : ` because of ${blockers.map(renderBlocker).join('; ')}`;
  return `no lock at attempt ${attempt}${who}; again in ${renderDuration(delayMs)}`;
}
