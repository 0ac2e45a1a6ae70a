import type { Books } from './books';
import type { Call } from './call';

/** Where what clients were told differs from what is there: the tokens of the calls. */
export interface Audit {
  /** Acknowledged, and not there, or not all of it. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly repeated: readonly string[];
  /** Refused, and there all the same. */
  readonly appliedAfterAll: readonly string[];
  /** Acknowledged with another version than is there. */
  readonly misplaced: readonly string[];
  /** Of the control, which gives no keys: there more than once. */
  readonly doubled: readonly string[];
  /** Nobody knew, and of these, those that are there. */
  readonly unknown: number;
  readonly unknownApplied: number;
}

/** Compares what clients were told with the books. */
export function auditCalls(calls: readonly Call[], { writes }: Books): Audit {
  const lost: string[] = [];
  const repeated: string[] = [];
  const appliedAfterAll: string[] = [];
  const misplaced: string[] = [];
  const doubled: string[] = [];
  let [unknown, unknownApplied] = [0, 0];
  for (const { kind, token, ending, count, version } of calls) {
    const written = writes.get(token);
    const there = written?.count ?? 0;
    if (there > count) (kind === 'naive' ? doubled : repeated).push(token);
    switch (ending) {
      case 'done':
        if (there < count) lost.push(token);
        else if (version !== undefined && written?.version !== version) misplaced.push(token);
        break;
      case 'refused':
        if (there > 0) appliedAfterAll.push(token);
        break;
      case 'unknown':
        unknown += 1;
        if (there > 0) unknownApplied += 1;
        break;
      default:
        ending satisfies never;
    }
  }
  return { lost, repeated, appliedAfterAll, misplaced, doubled, unknown, unknownApplied };
}
