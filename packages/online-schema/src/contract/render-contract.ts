import type { Breach, ContractReport, CoverageReport } from './contract-report';

/** The report for a reader: what is broken, each with its reason in a sentence, and then the plans that show it. */
export function renderContract(report: ContractReport): string {
  const { contract, serverVersion, statements, broken, notices } = report;
  const verdict = broken.length === 0 ? 'holds' : 'does not hold';
  const lines = [`Contract '${contract}' ${verdict} on PostgreSQL ${serverVersion}.`];
  for (const breach of broken) lines.push(`  ${breach.kind}${renderPlace(breach)}: ${breach.reason}`);
  for (const notice of notices) lines.push(`  note, ${notice.kind}${renderPlace(notice)}: ${notice.reason}`);
  statements.forEach(({ sql, runs }, at) => {
    const shown = runs.filter(({ mode }) => isShown(broken, mode, at + 1));
    if (shown.length > 0) lines.push('', `Statement ${at + 1}: ${sql.trim()}`);
    for (const { mode, rows, buffers, budget, plan } of shown) {
      lines.push(`${mode} plan: ${rows} rows, ${buffers} of ${budget} pages`, indent(plan));
    }
  });
  return lines.join('\n');
}

/** What no contract covers, and what contracts cover that is not there, a line for each; empty where nothing is wrong. */
export function renderCoverage({ uncovered, missing, repeated }: CoverageReport): string {
  return [
    ...uncovered.map(
      (index) => `Index ${index} serves no contract: it costs every write and answers nothing.`,
    ),
    ...missing.map(
      ({ contract, index }) => `Contract '${contract}' relies on index ${index}, which is not there.`,
    ),
    ...repeated.map((name) => `More than one contract is named '${name}'.`),
  ].join('\n');
}

/** A contract that holds shows everything; a broken one only what bears on a breach. */
function isShown(broken: readonly Breach[], mode: string, statement: number): boolean {
  return (
    broken.length === 0 ||
    broken.some(
      (breach) =>
        (breach.mode === undefined || breach.mode === mode) &&
        (breach.statement === undefined || breach.statement === statement),
    )
  );
}

function renderPlace({ mode, statement }: Pick<Breach, 'mode' | 'statement'>): string {
  const places = [
    ...(statement === undefined ? [] : [`statement ${statement}`]),
    ...(mode === undefined ? [] : [`${mode} plan`]),
  ];
  return places.length === 0 ? '' : ` (${places.join(', ')})`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
