import type { AcceptedFinding, ReportedFinding, StaleAcceptance, UnseenPart } from '../doctor-report';
import { renderAge, renderBytes, renderCount, renderShare } from '../quantity';
import { type Html, html } from './html';

/** A table of findings: what it is about, what is wrong, the figures, and the SQL that mends it. */
export function renderFindings(findings: readonly ReportedFinding[]): Html {
  return table(
    ['Object', 'Finding'],
    findings.map(
      (finding) => html`<td>${renderObject(finding)}</td>
<td>${finding.message}${renderFigures(finding)}${renderMend(finding)}</td>`,
    ),
  );
}

/** What is accepted, with the reasons. */
export function renderAccepted(accepted: readonly AcceptedFinding[]): Html {
  return table(
    ['Object', 'Reason'],
    accepted.map(
      (finding) => html`<td>${renderObject(finding)}</td>
<td>${finding.reason}<details><summary>What was found</summary>${finding.message}${renderFigures(finding)}</details></td>`,
    ),
  );
}

export function renderStale(stale: readonly StaleAcceptance[]): Html {
  return table(
    ['Object', 'Reason given'],
    stale.map(
      ({ object, check, reason }) =>
        html`<td><b>${object}</b><span class="check">${check}</span></td><td>${reason}</td>`,
    ),
  );
}

export function renderUnseen(unseen: readonly UnseenPart[]): Html {
  return table(
    ['Check', 'What was not seen'],
    unseen.map(({ check, message }) => html`<td><b>${check}</b></td><td>${message}</td>`),
  );
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  const cells = heads.map((head) => html`<th scope="col">${head}</th>`);
  const lines = rows.map((row) => html`<tr>${row}</tr>`);
  return html`<div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

function renderObject({ object, title, check }: ReportedFinding): Html {
  return html`<b>${object}</b><span class="check">${title} <code>${check}</code></span>`;
}

function renderMend({ mend, change }: ReportedFinding): Html {
  const inEntities = change === undefined ? html`` : html`<p class="change">${change}</p>`;
  if (mend.length === 0) return inEntities;
  const sql = mend.map((statement) => statement.replace(/;?$/, ';')).join('\n');
  return html`${inEntities}<pre>${sql}</pre>`;
}

function renderFigures({ figures }: ReportedFinding): Html {
  const items = Object.entries(figures)
    .filter(([, value]) => value !== null && value !== '')
    .map(
      ([name, value]) => html`<div><dt>${nameFigure(name)}</dt><dd>${renderFigure(name, value)}</dd></div>`,
    );
  return items.length === 0 ? html`` : html`<dl>${items}</dl>`;
}

/** `keptBytes` as `kept bytes`. */
function nameFigure(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/ (bytes|ms)$/, '');
}

function renderFigure(name: string, value: number | string | boolean | null): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return value ?? '';
  if (/bytes$/i.test(name)) return renderBytes(value);
  if (/ms$/i.test(name)) return renderAge(value);
  if (/(share|ratio|fraction|used)$/i.test(name)) return renderShare(value);
  return Number.isInteger(value) ? renderCount(value) : String(Number(value.toPrecision(3)));
}
