import type { StepProgress } from './run-event';

/**
 * Share of each measured phase in the time of a concurrent build, waits excluded: the mean of an integer and a text
 * column of 1.2 million rows, b-tree, no parallel workers. Other methods build in one phase, named without a colon,
 * which stands for the first three.
 */
const SHARES: readonly (readonly [phase: string, share: number])[] = [
  ['building index: scanning table', 0.32],
  ['building index: sorting live tuples', 0.1],
  ['building index: loading tuples in tree', 0.25],
  ['building index', 0.67],
  ['index validation: scanning index', 0.08],
  ['index validation: sorting tuples', 0.13],
  ['index validation: scanning table', 0.12],
];

/** Below this much there is nothing to extrapolate from. */
const LEAST_DONE = 0.03;

/**
 * Estimates when one concurrent build ends, from the pace so far. Waits for other sessions do not count as pace, and
 * while one lasts nobody can say.
 */
export class RemainingTime {
  #workedMs = 0;
  #lastMs: number;
  #waiting = false;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Milliseconds until the end as of `nowMs`; undefined while nobody can say. */
  estimateMs({ phase, done, total }: Omit<StepProgress, 'remainingMs'>, nowMs: number): number | undefined {
    if (!this.#waiting) this.#workedMs += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#waiting = phase.startsWith('waiting for ');
    const at = SHARES.findIndex(([name]) => name === phase);
    if (this.#waiting || at < 0) return undefined;
    const before = shareBefore(phase);
    const own = SHARES[at]?.[1] ?? 0;
    const finished = before + (total > 0 ? own * (done / total) : 0);
    if (finished < LEAST_DONE) return undefined;
    return (this.#workedMs * (1 - finished)) / finished;
  }
}

function shareBefore(phase: string): number {
  if (phase === 'building index') return 0;
  let share = 0;
  for (const [name, own] of SHARES) {
    if (name === phase) return share;
    if (name !== 'building index') share += own;
  }
  return share;
}
