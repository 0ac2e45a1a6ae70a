import { type Check, type CheckResult, SEVERITIES, type Severity } from './check';
import type { DoctorReport, Overview, ReportedFinding } from './doctor-report';
import { type Acceptance, accepts, renderSubject } from './read-acceptances';
import type { Surroundings } from './read-surroundings';

/** What became of one check. */
export interface Outcome {
  readonly check: Check;
  readonly result: CheckResult;
  readonly completed: boolean;
  readonly elapsedMs: number;
}

interface Evidence {
  readonly surroundings: Surroundings;
  readonly examinedAt: Date;
  readonly outcomes: readonly Outcome[];
  readonly acceptances: readonly Acceptance[];
  readonly minSeverity: Severity;
  readonly overview: Overview | null;
}

/** Makes the report of what was found: accepted findings apart, worst first. */
export function summarise(evidence: Evidence): DoctorReport {
  const { surroundings, outcomes, acceptances, minSeverity, overview } = evidence;
  const all = outcomes.flatMap(({ check: { id, title, severity }, result }) =>
    result.findings.map((finding): ReportedFinding => ({ severity, ...finding, check: id, title })),
  );
  const acceptanceOf = (finding: ReportedFinding) =>
    acceptances.find((acceptance) => acceptance.check === finding.check && accepts(acceptance, finding));
  const shown = all
    .filter(({ severity }) => SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(minSeverity))
    .toSorted((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity));
  // Only a check that saw everything can tell that something is no longer there.
  const certain = outcomes.filter(
    ({ completed, result }) => completed && result.unseen.length === 0 && result.conclusive !== false,
  );
  return {
    examinedAt: evidence.examinedAt.toISOString(),
    database: surroundings.database,
    serverVersion: surroundings.serverVersionText,
    schemas: surroundings.schemas,
    checks: outcomes.map(({ check: { id, title, severity }, elapsedMs, completed }) => ({
      id,
      title,
      severity,
      elapsedMs,
      completed,
    })),
    findings: shown.filter((finding) => acceptanceOf(finding) === undefined),
    accepted: shown.flatMap((finding) => {
      const acceptance = acceptanceOf(finding);
      return acceptance === undefined ? [] : [{ ...finding, reason: acceptance.reason }];
    }),
    stale: acceptances
      .filter(({ check }) => certain.some((outcome) => outcome.check.id === check))
      .filter((acceptance) => !all.some((finding) => acceptanceOf(finding) === acceptance))
      .map(({ check, reason, subject }) => ({ check, object: renderSubject(subject), reason })),
    unseen: outcomes.flatMap(({ check, result }) =>
      result.unseen.map((message) => ({ check: check.id, message })),
    ),
    overview,
  };
}
