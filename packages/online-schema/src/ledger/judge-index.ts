import type { CheckId } from '../doctor/check-id';
import { renderCount } from '../doctor/quantity';
import type { IndexFacts } from './read-index-facts';

/** What is to become of an index, and why, in a sentence. */
export type Verdict =
  | { readonly decision: 'keep' | 'drop'; readonly reason: string }
  | {
      readonly decision: 'merge';
      /** The index that does its work as well. */
      readonly into: string;
      readonly reason: string;
    };

/** What the doctor says of one index. */
export interface Remark {
  readonly check: CheckId;
  readonly message: string;
  readonly figures: Readonly<Record<string, number | string | boolean | null>>;
  /** Why the declaration accepts it; null where it does not. */
  readonly accepted: string | null;
}

/** What speaks for and against an index. */
export interface Evidence {
  readonly facts: IndexFacts;
  /** In the order of the doctor's report. */
  readonly remarks: readonly Remark[];
  /** Why nothing can be concluded yet from its not being read. */
  readonly doubts: readonly string[];
  /** Foreign keys whose rows are found through it, by their names. */
  readonly foreignKeys: readonly string[];
}

/**
 * Checks whose finding decides, the strongest first: an index that enforces or answers nothing of its own, or nothing at
 * all. Whatever else the doctor says of an index is told, and leaves the decision to a person.
 */
export const DECISIVE = ['duplicate-index', 'prefix-redundant', 'invalid-index', 'unused-index'] as const;

/** What is to become of the index. What the declaration accepts is kept, with its reason. */
export function judgeIndex({ facts, remarks, doubts, foreignKeys }: Evidence): Verdict {
  for (const check of DECISIVE) {
    const remark = remarks.find((one) => one.check === check);
    if (remark === undefined) continue;
    if (remark.accepted !== null) return { decision: 'keep', reason: `Accepted: ${remark.accepted}` };
    const { longerIndex } = remark.figures;
    if (check === 'prefix-redundant' && typeof longerIndex === 'string') {
      return { decision: 'merge', into: longerIndex, reason: remark.message };
    }
    return { decision: 'drop', reason: remark.message };
  }
  return { decision: 'keep', reason: explainKeeping(facts, doubts, foreignKeys) };
}

function explainKeeping(
  { constraint, unique, scans, countedSince }: IndexFacts,
  doubts: readonly string[],
  foreignKeys: readonly string[],
): string {
  const since = countedSince === null ? '' : ` since ${countedSince}`;
  const read = `${scans === 0 ? 'never read' : `read ${renderCount(scans)} ${scans === 1 ? 'time' : 'times'}`}${since}`;
  if (constraint !== null) return `Constraint ${constraint} rests on it; ${read}.`;
  if (unique) return `It lets no two rows have the same key; ${read}.`;
  if (scans > 0) return `It is in use: ${read}.`;
  if (foreignKeys.length > 0)
    return `Foreign key ${foreignKeys.join(', ')} finds its rows through it; ${read}.`;
  if (doubts.length > 0) return `It was ${read}, from which nothing can be concluded yet.`;
  return `It was ${read}, and is too small for that to matter.`;
}
