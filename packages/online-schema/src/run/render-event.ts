import type { MigrateEvent } from './migrate';

/** One line for people. */
export function renderMigrateEvent(event: MigrateEvent): string {
  switch (event.type) {
    case 'waiting':
      return `another migration is running${renderHolder(event)}; waiting for it`;
    case 'started':
      return `[${event.number}/${event.total}] ${event.name}`;
    case 'step':
      return `      ${event.action.padEnd(16)} ${event.name}  ${renderDuration(event.elapsedMs)}`;
    case 'applied':
      return `      applied in ${renderDuration(event.elapsedMs)}`;
    default:
      return event satisfies never;
  }
}

/** Milliseconds below a second, else seconds with one decimal. */
export function renderDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function renderHolder({ holder }: Extract<MigrateEvent, { type: 'waiting' }>): string {
  if (holder === undefined) return '';
  const since = holder.since === null ? '' : `, connected since ${holder.since.toISOString()}`;
  return ` (pid ${holder.pid}, ${holder.application || 'no application name'}${since})`;
}
