/**
 * - `correctness`: always decides whether a run passes.
 * - `speed`: decides in a full run; a quick one takes too few samples, and only reports it.
 */
type ClaimKind = 'correctness' | 'speed';

/** Something that a benchmark or a proof sets out to show, and whether it did. */
export interface Claim {
  readonly claim: string;
  /** Default `correctness`. */
  readonly kind?: ClaimKind;
  readonly held: boolean;
  /** What was found, for people. */
  readonly found: string;
  /** What was found, and its limit; left out where the claim is no matter of a number. */
  readonly measured?: number;
  readonly limit?: number;
}

/** A bound on a figure. Nothing that is not a number holds. */
export interface Bound {
  readonly claim: string;
  readonly measured: number;
  readonly limit: number;
  /** Stands behind the figures: `×`, `bytes`. */
  readonly unit: string;
}

export function claimAtLeast({ unit, ...bound }: Bound): Claim {
  const held = bound.measured >= bound.limit;
  return { ...bound, kind: 'speed', held, found: renderFound(bound.measured, 'at least', bound.limit, unit) };
}

export function claimAtMost({ unit, ...bound }: Bound): Claim {
  const held = bound.measured <= bound.limit;
  return { ...bound, kind: 'speed', held, found: renderFound(bound.measured, 'at most', bound.limit, unit) };
}

/** A claim of correctness, which holds when nothing speaks against it. */
export function claimNone(claim: string, problems: readonly string[]): Claim {
  const found = problems.length === 0 ? 'no exception' : problems.join('; ');
  return { claim, kind: 'correctness', held: problems.length === 0, found };
}

/** The claims that a run fails by: they decide in it, and did not hold. A run passes when there is none. */
export function findBroken(claims: readonly Claim[], { quick }: RunKind): readonly Claim[] {
  return claims.filter(({ kind, held }) => !held && !isOnlyReported(kind, quick));
}

/** One line for each claim. */
export function renderClaims(claims: readonly Claim[], { quick }: RunKind): string {
  const lines = claims.map(({ claim, kind, held, found }) => {
    const verdict = held ? 'held    ' : 'NOT HELD';
    const weight = isOnlyReported(kind, quick) ? ' (only reported: --quick)' : '';
    return `${verdict}  ${claim}: ${found}${weight}`;
  });
  return lines.join('\n');
}

interface RunKind {
  readonly quick: boolean;
}

function isOnlyReported(kind: ClaimKind = 'correctness', quick: boolean): boolean {
  return quick && kind === 'speed';
}

function renderFound(measured: number, relation: string, limit: number, unit: string): string {
  const digits = Math.abs(measured) >= 100 ? 0 : 2;
  return `${measured.toFixed(digits)} ${unit}, ${relation} ${limit} ${unit} wanted`;
}
