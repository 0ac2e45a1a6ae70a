import { MAX_TIMER_MS } from '../clock/clock';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import type { Circuit, CircuitState } from './circuit';
import type { TallySnapshot } from './trip-rule';

/** A breaker's state as plain data. All times are durations in milliseconds, counted from the moment of the export. */
export type CircuitSnapshot =
  | { readonly state: 'closed'; readonly tally: TallySnapshot }
  | { readonly state: 'open'; readonly remainingMs: number; readonly breakMs: number }
  | { readonly state: 'half-open'; readonly breakMs: number }
  | { readonly state: 'isolated' };

export function exportCircuit(state: CircuitState, nowMs: number): CircuitSnapshot {
  switch (state.kind) {
    case 'closed':
      return { state: 'closed', tally: state.tally.exportCounts(nowMs) };
    case 'open':
      return { state: 'open', remainingMs: Math.max(0, state.untilMs - nowMs), breakMs: state.breakMs };
    case 'half-open':
      return { state: 'half-open', breakMs: state.breakMs };
    case 'isolated':
      return { state: 'isolated' };
    default:
      return state satisfies never;
  }
}

/** @throws InvalidOptionError when it is no snapshot, or one of another trip rule. The circuit is as it was then. */
export function restoreCircuit(circuit: Circuit, snapshot: CircuitSnapshot, nowMs: number): void {
  switch (snapshot?.state) {
    case 'closed':
      requireTally(snapshot.tally);
      circuit.restoreClosed(snapshot.tally, nowMs);
      return;
    case 'open':
      circuit.resume(
        requireBreak(snapshot.breakMs),
        requireNumber('snapshot.remainingMs', snapshot.remainingMs, { min: 0, max: MAX_TIMER_MS }),
        nowMs,
      );
      return;
    case 'half-open':
      circuit.resume(requireBreak(snapshot.breakMs), 0, nowMs);
      return;
    case 'isolated':
      circuit.isolate(nowMs);
      return;
    default:
      throw new InvalidOptionError('snapshot', snapshot, 'what exportState returned');
  }
}

/** A break of zero would double to zero for ever, and never keep a call away. */
function requireBreak(breakMs: unknown): number {
  return requireNumber('snapshot.breakMs', breakMs, { above: 0, max: MAX_TIMER_MS });
}

function requireTally(tally: unknown): void {
  if (typeof tally === 'object' && tally !== null) {
    const { rule, counts } = tally as Partial<TallySnapshot>;
    const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0;
    if (typeof rule === 'string' && Array.isArray(counts) && counts.every(isCount)) return;
  }
  throw new InvalidOptionError('snapshot.tally', tally, 'a rule and its counts');
}
