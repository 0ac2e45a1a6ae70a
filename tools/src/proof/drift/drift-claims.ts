import { type Claim, claimNone } from '../../measurement/claims';
import type { Trial } from './try-mutation';

/** What was found on one server. */
export interface DriftRun {
  readonly version: number;
  readonly shapes: number;
  readonly falseAlarms: readonly string[];
  readonly trials: readonly Trial[];
}

/** The controls: TypeORM calls most of them no change, so that the entities alone would never tell. */
export function judgeDrift(
  runs: readonly DriftRun[],
  wanted: { readonly mutations: number },
): readonly Claim[] {
  return runs.flatMap((run) => {
    const { version, shapes, falseAlarms, trials } = run;
    const blind = trials.filter(({ typeOrmStatements }) => typeOrmStatements === 0);
    const mended = trials.filter(({ left }) => left !== undefined);
    return [
      {
        claim: `PostgreSQL ${version}: enough shapes and mutations`,
        held: shapes >= 60 && trials.length >= wanted.mutations,
        found: `${shapes} shapes of 60 wanted, ${trials.length} mutations of ${wanted.mutations}`,
      },
      claimNone(`PostgreSQL ${version}: no false alarm`, falseAlarms),
      claimNone(
        `PostgreSQL ${version}: every mutation is reported once, with kind, object and aspect`,
        trials.flatMap((trial) =>
          isRight(trial) ? [] : [`${trial.mutation.what}: ${renderFindings(trial)}`],
        ),
      ),
      {
        claim: `PostgreSQL ${version}: TypeORM finds nothing to change in most of them (control)`,
        held: blind.length > trials.length / 2,
        found: `in ${blind.length} of ${trials.length}`,
      },
      claimNone(
        `PostgreSQL ${version}: generate and migrate leave none of the ${mended.length} that need no person`,
        mended.flatMap(({ mutation, left = [] }) =>
          left.length === 0 ? [] : [`${mutation.what}: ${left.join(', ')}`],
        ),
      ),
    ];
  });
}

/** Whether the one finding is that which was expected. */
export function isRight({ mutation: { expected }, findings }: Trial): boolean {
  const [finding, ...more] = findings;
  if (finding === undefined || more.length > 0) return false;
  const aspects = finding.differences.map(({ aspect }) => aspect);
  return (
    finding.kind === expected.kind &&
    finding.table === expected.table &&
    finding.name === expected.name &&
    aspects.join() === expected.aspects.join()
  );
}

/** What was reported, in a few words. */
export function renderFindings({ findings }: Trial): string {
  if (findings.length === 0) return 'nothing';
  return findings
    .map(({ kind, name, differences }) =>
      [kind, name, ...differences.map(({ aspect }) => `(${aspect})`)].join(' '),
    )
    .join('; ');
}
