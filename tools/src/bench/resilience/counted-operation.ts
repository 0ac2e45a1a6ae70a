import type { Operation } from './contender';

/** An operation that knows how often it was run. */
export interface CountedOperation {
  readonly operation: Operation;
  readonly count: () => number;
}

export function countRuns(run: Operation): CountedOperation {
  let runs = 0;
  const operation: Operation = () => {
    runs += 1;
    return run();
  };
  return { operation, count: () => runs };
}

/** Does nothing, and is done when it returns. */
export function createNoOp(): CountedOperation {
  let runs = 0;
  // Not by `countRuns`: a second call would be half of what is measured.
  const operation: Operation = async () => {
    runs += 1;
    return 1;
  };
  return { operation, count: () => runs };
}
