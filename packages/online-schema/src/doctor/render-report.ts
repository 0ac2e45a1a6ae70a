import { neutralise } from '../cli/screen/plain-text';
import { wrapText } from '../text/wrap-text';
import { SEVERITIES } from './check';
import type { DoctorReport, ReportedFinding } from './doctor-report';

/** Prose reads badly in longer lines, however wide the terminal is. */
const WIDEST = 110;
const INDENT = 4;

/** The report for people, in lines no longer than `columns` but for SQL, which somebody may want to copy. */
export function renderReport(report: DoctorReport, columns: number): string[] {
  const width = Math.min(columns, WIDEST);
  const { accepted, stale, unseen } = report;
  const sections = [
    ...SEVERITIES.map((severity) =>
      section(
        severity,
        report.findings
          .filter((finding) => finding.severity === severity)
          .map((finding) => renderFinding(finding, width)),
      ),
    ),
    section(
      'not seen',
      unseen.map(({ check, message }) => entry('', check, [message], width)),
    ),
    section(
      'accepted',
      accepted.map(({ object, check, reason }) => entry(object, check, [reason], width)),
    ),
    section(
      'accepted, but not found any more',
      stale.map(({ object, check, reason }) => entry(object, check, [reason], width)),
    ),
  ];
  return [...sections.flat(), ...wrapText(renderSum(report), width)].map(asShown);
}

/** Names may hold what a terminal obeys. */
function asShown(line: string): string {
  return neutralise(line, { hasUnicode: true });
}

function section(title: string, entries: readonly (readonly string[])[]): string[] {
  if (entries.length === 0) return [];
  return [`${title.toUpperCase()} (${entries.length})`, '', ...entries.flatMap((lines) => [...lines, ''])];
}

function renderFinding({ object, check, message, mend, change }: ReportedFinding, width: number): string[] {
  return [
    ...entry(object, check, change === undefined ? [message] : [message, change], width),
    // A line break in it may be part of a name or a text.
    ...mend.flatMap((statement) => `${' '.repeat(INDENT)}${statement.replace(/;?$/, ';')}`.split('\n')),
  ];
}

/** A line that says what it is about, with the check at the right end, and the paragraphs under it. */
function entry(object: string, check: string, paragraphs: readonly string[], width: number): string[] {
  const head = `  ${object}`;
  const gap = width - head.length - check.length;
  const title =
    object === '' ? [`  ${check}`] : gap >= 2 ? [`${head}${' '.repeat(gap)}${check}`] : [head, `  ${check}`];
  const body = paragraphs.flatMap((text) => wrapText(text, width - INDENT));
  return [...title, ...body.map((line) => `${' '.repeat(INDENT)}${line}`)];
}

/** One line: how many checks ran and what they found. */
function renderSum(report: DoctorReport): string {
  const { findings, accepted, stale, unseen, checks } = report;
  const found =
    findings.length === 0
      ? 'Nothing found'
      : SEVERITIES.map(
          (severity) => [severity, findings.filter((one) => one.severity === severity).length] as const,
        )
          .filter(([, count]) => count > 0)
          .map(
            ([severity, count]) =>
              `${count} ${count === 1 || severity === 'critical' ? severity : `${severity}s`}`,
          )
          .join(', ');
  const apart = [
    accepted.length > 0 && `${accepted.length} accepted`,
    stale.length > 0 && `${stale.length} accepted in vain`,
    unseen.length > 0 && `${unseen.length} not seen`,
  ].filter((part) => part !== false);
  const looked = `${checks.length} ${checks.length === 1 ? 'check' : 'checks'}, PostgreSQL ${report.serverVersion}`;
  return `${[found, ...apart].join(', ')} (${looked}).`;
}
