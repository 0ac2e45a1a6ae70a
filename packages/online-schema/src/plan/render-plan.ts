import { wrapText } from '../text/wrap-text';
import { renderAllowance } from './allowance';
import { strongestLock } from './locks';
import type { Plan } from './plan-changes';
import type { Estimate, Hazard, PlanStep } from './plan-step';

export interface RenderPlanOptions {
  /** Characters in a line; between 80 and 100 are used. */
  readonly columns: number;
}

/** The plan for people: a line for every step, what is behind it beneath, and at the end what it comes to. */
export function renderPlan({ steps, refused }: Plan, { columns }: RenderPlanOptions): string[] {
  const width = Math.min(100, Math.max(80, columns));
  // What the other columns and the gaps between them take.
  const layout = { width, object: width - 70 };
  return [
    renderRow(layout, '#', 'step', 'object', 'who waits', 'for', 'size', 'time'),
    ...steps.flatMap((step, at) => ['', ...renderStep(step, at + 1, layout)]),
    '',
    summarise(steps),
    ...refused.flatMap((hazard) => hang(wrapText(describeRefusal(hazard), width - 2), '', '  ')),
  ];
}

interface Layout {
  readonly width: number;
  readonly object: number;
}

function renderStep(step: PlanStep, number: number, layout: Layout): string[] {
  const { kind, object, locks, estimate, transaction, hazards, statements } = step;
  const lock = strongestLock(locks);
  const detail = (label: string, text: string) =>
    hang(wrapText(text, layout.width - 15), label.padEnd(11), ' '.repeat(11));
  const lines = [
    ...statements.flatMap((statement) => hang(wrapText(`${statement};`, layout.width - 6), '', '  ')),
    ...locks.flatMap(({ mode, relation, held }) => detail('lock', `${mode} on ${relation}, ${held}`)),
    ...(statements.length > 0 ? detail('sent', SENT[transaction]) : []),
    ...(estimate.durationMs === 0 ? [] : detail('estimate', estimate.basis)),
    ...hazards.flatMap((hazard) => detail(`! ${hazard.verdict}`, describeHazard(hazard))),
  ];
  return [
    renderRow(
      layout,
      String(number),
      kind,
      object,
      kind === 'refused'
        ? '-'
        : (lock?.blocks ?? 'nobody').replace('readers and writers', 'readers, writers'),
      lock?.held ?? '-',
      renderSize(estimate),
      renderTime(estimate),
    ),
    ...lines.map((line) => `    ${line}`),
  ];
}

const SENT: Readonly<Record<PlanStep['transaction'], string>> = {
  own: 'in a transaction of its own, tried again while its lock is not had',
  shared: 'in one transaction with its neighbours, tried again while its locks are not had',
  none: 'outside of any transaction',
};

function renderRow(
  layout: Layout,
  ...cells: [string, string, string, string, string, string, string]
): string {
  const [number, step, object, waits, held, size, time] = cells;
  const cut = object.length > layout.object ? `${object.slice(0, layout.object - 1)}…` : object;
  return [
    number.padStart(2),
    step.padEnd(19),
    cut.padEnd(layout.object),
    waits.padEnd(16),
    held.padEnd(10),
    size.padStart(6),
    time.padStart(5),
  ].join('  ');
}

function describeHazard({ id, message, instead }: Hazard): string {
  return `${message} [${id}]. Instead: ${instead}`;
}

function describeRefusal(hazard: Hazard): string {
  const { id, verdict, message } = hazard;
  return verdict === 'allow'
    ? `! --allow ${renderAllowance(hazard)}: ${message}`
    : `! cannot be done: ${message} [${id}]`;
}

function summarise(steps: readonly PlanStep[]): string {
  const waits = (blocks: string) =>
    steps.filter(({ locks }) => strongestLock(locks)?.blocks === blocks).length;
  const long = steps.filter(({ locks }) =>
    locks.some(({ blocks, held }) => blocks.includes('writers') && held !== 'an instant'),
  ).length;
  const readers = waits('readers and writers');
  const writers = readers + waits('writers');
  const refused = steps.filter(
    ({ kind, hazards }) => kind === 'refused' || hazards.some(({ verdict }) => verdict !== 'known'),
  ).length;
  return [
    `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}: writers wait in ${writers}, readers in ${readers}`,
    long === 0 ? 'never longer than an instant' : `longer than an instant in ${long}`,
    ...(refused === 0 ? [] : [`${refused} with a hazard`]),
  ].join('; ');
}

function renderSize({ bytes }: Estimate): string {
  if (bytes === null) return '?';
  if (bytes === 0) return '-';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

function renderTime({ durationMs }: Estimate): string {
  if (durationMs === null) return '?';
  if (durationMs === 0) return '-';
  if (durationMs < 1_000) return '< 1 s';
  const seconds = durationMs / 1_000;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** The first line behind a label, the others beneath. */
function hang(lines: readonly string[], label: string, indent: string): string[] {
  return lines.map((line, at) => `${at === 0 ? label : indent}${line}`);
}
