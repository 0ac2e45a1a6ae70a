import type { Collections } from '../collections';
import type { Contender } from './contender';
import { createNoOp } from './counted-operation';
import { measureOverhead, type OverheadReport } from './overhead';

export interface NoOpOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly collections: Collections;
}

/** Measures what contenders cost around an operation that is already done: that is nothing but their own cost. */
export function measureNoOp(
  contenders: readonly [Contender, ...Contender[]],
  { quick, signal, collections }: NoOpOptions,
): Promise<OverheadReport> {
  const extent = quick
    ? { rounds: 9, batchMs: 4, warmupMs: 100 }
    : { rounds: 41, batchMs: 10, warmupMs: 300 };
  return measureOverhead(contenders, createNoOp, { ...extent, signal, collections });
}
