import type { Line } from './line';
import type { Look } from './look';
import { measure } from './plain-text';
import { renderCount, renderEstimate } from './quantities';
import type { Row } from './row';
import type { SeenProgress } from './screen-state';

const INDENT = '    ';
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/** Below this share there is nothing to extrapolate from. */
const LEAST_SHARE = 0.03;

/** What is going on, how much of it is done, and when it will be over, where anybody can say. */
export function progressRows(progress: SeenProgress, sinceMs: number, look: Look, nowMs: number): Row[] {
  const { phase, done, total, unit } = progress;
  const size = unit === undefined ? renderCount(total) : `${renderCount(total)} ${unit}`;
  const measured = total > 0 ? `, ${renderCount(done)} of ${size}` : '';
  const rows: Row[] = [{ line: [`${INDENT}${phase}${measured}`], weight: 7 }];
  const estimate = estimateMs(progress, sinceMs, nowMs);
  const left = estimate === undefined ? '' : `${renderEstimate(estimate)} left`;
  // A count of other sessions is not work of this one.
  if (total > 0 && unit !== 'sessions') rows.push({ line: barLine(done / total, left, look), weight: 8 });
  else if (left !== '') rows.push({ line: [`${INDENT}${left}`], weight: 8 });
  return rows;
}

function barLine(share: number, left: string, look: Look): Line {
  const ratio = Math.min(1, Math.max(0, share));
  const percent = `${String(Math.floor(ratio * 100)).padStart(3)} %`;
  const text = `  ${percent}${left === '' ? '' : `, ${left}`}`;
  const columns = Math.min(WIDEST_BAR, look.columns - INDENT.length - measure(text));
  if (columns < NARROWEST_BAR) return [`${INDENT}${text.trimStart()}`];
  const [full, empty] = look.hasUnicode ? ['█', '░'] : ['#', '-'];
  const filled = Math.floor(ratio * columns);
  return [INDENT, ['good', full.repeat(filled)], ['dim', empty.repeat(columns - filled)], text];
}

/**
 * What the run estimates, less the time since. Of rows that are walked one after the other, from the pace so far. None
 * once the estimate has proved wrong.
 */
function estimateMs(progress: SeenProgress, sinceMs: number, nowMs: number): number | undefined {
  const { remainingMs, atMs, unit, done, total } = progress;
  const paced =
    unit === 'rows' && done < total && done / total >= LEAST_SHARE
      ? ((atMs - sinceMs) * (total - done)) / done
      : undefined;
  const known = remainingMs ?? paced;
  if (known === undefined) return undefined;
  const left = known - (nowMs - atMs);
  return left > 0 ? left : undefined;
}
