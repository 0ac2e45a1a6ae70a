import type { Blocker, LockHolder } from '../../run/run-event';
import type { Look } from './look';
import { renderAge, renderClock, renderCount, renderElapsed } from './quantities';
import type { Row } from './row';
import type { SessionWait, Wait } from './screen-state';

const MOST_BLOCKERS = 3;

/** Why nothing goes on, since when, because of whom, and what would end that. */
export function waitRows(wait: Wait, look: Look, nowMs: number, hasEnded: boolean): Row[] {
  const since = `since ${renderClock(wait.sinceMs, nowMs)} (${renderElapsed(nowMs - wait.sinceMs)})`;
  switch (wait.kind) {
    case 'run':
      return [
        { line: [['warning', `waiting for another run ${since}`]], weight: 9 },
        ...holderRows(wait.holder, nowMs),
      ];
    case 'sessions':
      return [
        { line: [['warning', `  waiting ${since}${renderObstacle(wait.blockers)}`]], weight: 9 },
        ...blockersRows(wait, look, nowMs),
      ];
    case 'lock': {
      const next = hasEnded ? '' : `; ${renderNext(wait, nowMs)}`;
      return [
        { line: [['warning', `  no lock at attempt ${wait.attempt}, ${since}${next}`]], weight: 9 },
        ...blockersRows(wait, look, nowMs),
      ];
    }
    default:
      return wait satisfies never;
  }
}

function renderNext({ attempt, retryAtMs }: Extract<Wait, { kind: 'lock' }>, nowMs: number): string {
  const leftMs = retryAtMs - nowMs;
  if (leftMs <= 0) return `attempt ${attempt + 1} is under way`;
  return `next try in ${leftMs < 1_000 ? 'less than 1 s' : renderElapsed(leftMs)}`;
}

/** As in ` for the snapshots of 7 sessions`. */
function renderObstacle(blockers: readonly Blocker[]): string {
  const kinds = new Set(blockers.map(({ by }) => by));
  const [kind = 'lock'] = kinds;
  if (blockers.length === 1) return ` for another session's ${kind}`;
  return ` for the ${kinds.size > 1 ? 'locks and snapshots' : `${kind}s`} of ${blockers.length} sessions`;
}

/** The transactions that are open longest, and how many more there are. */
function blockersRows({ blockers, seenAtMs }: SessionWait, look: Look, nowMs: number): Row[] {
  const oldest = blockers.toSorted((one, other) => (other.ageMs ?? -1) - (one.ageMs ?? -1));
  const shown = oldest.slice(0, MOST_BLOCKERS);
  const rows = shown.flatMap((blocker) => blockerRows(blocker, look, nowMs - seenAtMs));
  const more = oldest.slice(MOST_BLOCKERS);
  if (more.length > 0) {
    const pids = more.map(({ pid }) => pid).join(', ');
    rows.push({ line: [`    and ${renderCount(more.length)} more: pid ${pids}`], weight: 5 });
  }
  return rows;
}

function blockerRows(blocker: Blocker, { columns }: Look, olderMs: number): Row[] {
  const { pid, application, user, state, ageMs, query } = blocker;
  const open = ageMs === null ? null : `open for ${renderAge(ageMs + olderMs)}`;
  // Login and application every role may see.
  const isHidden = pid !== 0 && [state, ageMs, query].every((fact) => fact === null);
  const doing = isHidden ? 'what it does is hidden from this role' : state;
  const facts = [renderLogin(application, user), doing, open].filter((fact) => fact !== null);
  const who = pid === 0 ? 'a prepared transaction' : `pid ${pid}`;
  const end =
    pid === 0
      ? 'select gid from pg_prepared_xacts, then rollback prepared'
      : `select pg_terminate_backend(${pid})`;
  const rows: Row[] = [{ line: [['strong', `    ${who}`], `  ${facts.join(', ')}`], weight: 8 }];
  const text = query?.replaceAll(/\s+/g, ' ').trim() ?? '';
  if (text !== '') rows.push({ line: [['dim', `      ${text}`]], weight: 5 });
  // Somebody may want to copy it.
  const explained = `      to end it: ${end}`;
  rows.push({ line: [explained.length <= columns ? explained : `    ${end}`], weight: 7 });
  return rows;
}

function holderRows(holder: LockHolder | undefined, nowMs: number): Row[] {
  if (holder === undefined) return [{ line: ['  who that is cannot be seen'], weight: 8 }];
  const { pid, application, user, since, state, query, progress } = holder;
  const connected = since === null ? null : `connected since ${renderClock(since.getTime(), nowMs)}`;
  const facts = [renderLogin(application, user), connected].filter((fact) => fact !== null);
  const rows: Row[] = [{ line: [['strong', `  pid ${pid}`], `  ${facts.join(', ')}`], weight: 8 }];
  const doing = progress !== null ? describe(progress) : state === 'active' ? query : state;
  if (doing !== null && doing !== '')
    rows.push({ line: [['dim', `    ${doing.replaceAll(/\s+/g, ' ')}`]], weight: 5 });
  return rows;
}

/** As in `psql as app`. */
function renderLogin(application: string | null, user: string | null): string | null {
  if (!application) return user === null ? null : `as ${user}`;
  return user === null ? application : `${application} as ${user}`;
}

function describe({ phase, done, total, unit }: NonNullable<LockHolder['progress']>): string {
  if (total <= 0) return phase;
  return `${phase}, ${renderCount(done)} of ${renderCount(total)}${unit === undefined ? '' : ` ${unit}`}`;
}
