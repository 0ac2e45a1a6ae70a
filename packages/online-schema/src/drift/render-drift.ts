import { neutralise } from '../cli/screen/plain-text';
import { wrapText } from '../text/wrap-text';
import type { DriftDifference, DriftFinding, DriftReport } from './drift-report';

/** The report for people: a paragraph for each finding, no line of prose longer than `columns`, and the count. */
export function renderDrift({ findings, looked }: DriftReport, columns: number): string[] {
  const paragraphs = findings.map((finding) => [...renderFinding(finding, columns), '']);
  const width = `${count(looked.tables, 'table')} and ${count(looked.indexes, 'index', 'indexes')}`;
  const server = `(PostgreSQL ${looked.serverVersion})`;
  const sum =
    findings.length === 0
      ? `No drift: ${width} are as declared ${server}.`
      : `${count(findings.length, 'difference')} in ${width} ${server}.`;
  // Names may hold what a terminal obeys.
  return [...paragraphs.flat(), sum].map((line) => neutralise(line, { hasUnicode: true }));
}

function renderFinding({ kind, schema, table, name, ...finding }: DriftFinding, columns: number): string[] {
  const what =
    kind === 'table'
      ? `${schema}.${table}${name === table ? '' : `: ${name}`}`
      : `${schema}.${name} on ${table}`;
  return [
    `${kind.padEnd(10)}  ${what}`,
    ...wrapText(finding.reason, columns - INDENT.length).map((line) => `${INDENT}${line}`),
    ...renderDifferences(finding.differences),
    // Not wrapped: somebody may want to copy it.
    ...finding.mend.flatMap((statement, at) =>
      `${at === 0 ? '  mend      ' : INDENT}${statement.replace(/;?$/, ';')}`.split('\n'),
    ),
  ];
}

const INDENT = ' '.repeat(12);

function renderDifferences(differences: readonly DriftDifference[]): string[] {
  const width = Math.max(0, ...differences.map(({ aspect }) => aspect.length));
  return differences.flatMap(({ aspect, declared, actual }) => [
    `${INDENT}${aspect.padEnd(width)}  declared  ${oneLine(declared)}`,
    `${INDENT}${' '.repeat(width)}  actual    ${oneLine(actual)}`,
  ]);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
