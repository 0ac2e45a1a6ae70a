import type { MessageVerdict } from '@holdfast/local-postgres';

/** Where a fault struck: at COMMIT, at what answers it, or elsewhere. */
export type Place = 'request' | 'answer' | 'elsewhere';

export type VerdictCounts = Readonly<Record<MessageVerdict, number>>;

/** How many faults struck, as far as a proxy has obeyed them. */
export type FaultCounts = Readonly<Record<Place, VerdictCounts>>;

/** Sums of the same. */
export interface FaultSums {
  readonly cuts: number;
  readonly cutsAtCommit: number;
  readonly freezes: number;
  readonly freezesAtCommit: number;
  /** Least of all kinds of faults at COMMIT: 0 where one was left out. */
  readonly rarestAtCommit: number;
}

export function sumFaults({ request, answer, elsewhere }: FaultCounts): FaultSums {
  const cutsAtCommit = countCuts(request) + countCuts(answer);
  const freezesAtCommit = countFreezes(request) + countFreezes(answer);
  return {
    cuts: cutsAtCommit + countCuts(elsewhere),
    cutsAtCommit,
    freezes: freezesAtCommit + countFreezes(elsewhere),
    freezesAtCommit,
    rarestAtCommit: Math.min(...Object.values(request), ...Object.values(answer)),
  };
}

function countCuts(counts: VerdictCounts): number {
  return counts['cut-before'] + counts['cut-after'];
}

function countFreezes(counts: VerdictCounts): number {
  return counts.freeze + counts['freeze-after'];
}
