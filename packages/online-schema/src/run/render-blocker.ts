import { renderDuration } from './render-quantity';
import type { Blocker } from './run-event';

/** As in `pid 71 (psql, app, idle in transaction for 3.0 s, holds a snapshot): select …`. */
export function renderBlocker({ pid, application, user, by, state, ageMs, query }: Blocker): string {
  const age = ageMs === null ? '' : ` for ${renderDuration(ageMs)}`;
  const facts = [
    application || null,
    user,
    state === null ? age && `in a transaction${age}` : `${state}${age}`,
    by === 'snapshot' ? 'holds a snapshot' : 'holds a lock',
  ].filter((fact) => fact !== null && fact !== '');
  const text = query === null || query === '' ? '' : `: ${query.replaceAll(/\s+/g, ' ').trim()}`;
  const who = pid === 0 ? 'a prepared transaction' : `pid ${pid}`;
  return `${who} (${facts.join(', ')})${text}`;
}
