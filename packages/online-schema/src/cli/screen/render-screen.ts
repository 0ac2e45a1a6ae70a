import { type Line, paint, withTail } from './line';
import { renderLockedOut } from './locked-out';
import type { Look } from './look';
import { measure, neutralise } from './plain-text';
import { progressRows } from './progress-rows';
import { renderElapsed } from './quantities';
import { fitRows, type Row } from './row';
import type { CurrentStep, ScreenState } from './screen-state';
import { waitRows } from './wait-rows';

/**
 * What a person on call sees of a run at this moment, in at most 15 lines, none of them wider than the terminal; empty
 * when there is nothing to see. Of a low terminal, the lines that matter most.
 *
 * @param nowMs of the clock that the state has its times from.
 */
export function renderScreen(state: ScreenState, look: Look, nowMs: number): string[] {
  const rows = [
    ...migrationRows(state, look, nowMs),
    ...stepRows(state, look, nowMs),
    ...(state.wait === undefined ? [] : waitRows(state.wait, look, nowMs, state.hasEnded)),
    ...toComeRows(state, look),
    ...stoppingRows(state),
  ];
  // What stays above and what is redrawn are told apart at a glance.
  const all = rows.length === 0 ? [] : [{ line: [], weight: 0 }, ...rows];
  return fitRows(all, look).map(({ line }) => paint(line, look));
}

function migrationRows({ migration, steps }: ScreenState, look: Look, nowMs: number): Row[] {
  if (migration === undefined) return [];
  const { name, number, total, sinceMs, progress } = migration;
  const line = withTail(`[${number}/${total}] ${name}`, 'strong', renderElapsed(nowMs - sinceMs), look);
  // Of a statement that is no step.
  const measured =
    steps.length > 0 || progress === undefined ? [] : progressRows(progress, sinceMs, look, nowMs);
  return [{ line, weight: 9 }, ...measured];
}

function stepRows({ steps }: ScreenState, look: Look, nowMs: number): Row[] {
  const outer = steps.slice(0, -1).flatMap((step) => outerStepRows(step, look));
  const step = steps.at(-1);
  if (step === undefined) return [];
  const { action, name, statement, sinceMs, progress } = step;
  const rows: Row[] = [
    { line: withTail(`  ${action} ${name}`, undefined, renderElapsed(nowMs - sinceMs), look), weight: 9 },
  ];
  if (statement !== undefined) rows.push({ line: [['dim', `    ${oneLine(statement)}`]], weight: 2 });
  rows.push({ line: [['dim', `    ${renderLockedOut(action)}`]], weight: 4 });
  if (progress !== undefined) rows.push(...progressRows(progress, sinceMs, look, nowMs));
  return [...outer, ...rows];
}

/** As in `  build index idx_visits_at: 3 of 12 partitions`. */
function outerStepRows({ action, name, progress }: CurrentStep, look: Look): Row[] {
  if (progress === undefined || progress.total === 0) return [{ line: [`  ${action} ${name}`], weight: 3 }];
  const { done, total, unit } = progress;
  const tail = `${done} of ${total}${unit === undefined ? '' : ` ${unit}`}`;
  return [{ line: withTail(`  ${action} ${name}`, undefined, tail, look), weight: 3 }];
}

function toComeRows({ names, begun, hasEnded }: ScreenState, look: Look): Row[] {
  const count = names.length - begun;
  if (count <= 0) return [];
  const head = `${hasEnded ? 'not begun' : 'to come'}: ${count} ${count === 1 ? 'migration' : 'migrations'}`;
  return [
    {
      line: [['dim', `${head}${listNext(names.slice(begun), look.columns - head.length, look)}`]],
      weight: 6,
    },
  ];
}

/** As in `: AddOrders, AddItems and 3 more`: as many names as there is room for. */
function listNext(names: readonly string[], columns: number, look: Look): string {
  let text = '';
  for (const [at, name] of names.entries()) {
    const longer = `${text}${at === 0 ? ': ' : ', '}${neutralise(name, look)}`;
    const more = names.length - at - 1;
    if (measure(longer) + (more === 0 ? 0 : ` and ${more} more`.length) > columns)
      return at === 0 ? '' : `${text} and ${more + 1} more`;
    text = longer;
  }
  return text;
}

function stoppingRows(state: ScreenState): Row[] {
  if (!state.isStopping || state.hasEnded) return [];
  const line: Line = [['warning', `stopping${explainStop(state)}`]];
  return [{ line, weight: 9 }];
}

function explainStop({ migration, steps }: ScreenState): string {
  const step = steps.at(-1);
  switch (step?.action) {
    case 'build index':
    case 'rebuild index':
    case 'replace index':
      return ': cancelling the build, then removing what is left of it';
    case 'drop index':
      return ': finishing the drop, which would leave an invalid index half-way';
    default:
      return step === undefined && migration === undefined
        ? ''
        : ': cancelling the statement, then undoing what is half-done';
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
