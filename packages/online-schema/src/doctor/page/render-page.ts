import { SEVERITIES, type Severity } from '../check';
import type { DoctorReport } from '../doctor-report';
import { renderAccepted, renderFindings, renderStale, renderUnseen } from './findings';
import { type Html, html } from './html';
import { renderPlots } from './plots';
import { STYLE } from './style';

const TITLES = {
  critical: 'Critical: data can be wrong, or writes fail',
  warning: 'Warnings: it costs time or space now, or will soon',
  notice: 'Notices: worth a look when there is time',
} satisfies Record<Severity, string>;

const PLURALS = { critical: 'critical', warning: 'warnings', notice: 'notices' } satisfies Record<
  Severity,
  string
>;

/**
 * The report as one page of HTML for people: it loads nothing, runs no script, and shows light or dark as the reader's
 * system does.
 */
export function renderPage(report: DoctorReport): string {
  const { database, serverVersion, schemas, examinedAt, checks, accepted, stale, unseen } = report;
  const groups = SEVERITIES.map((severity) => {
    const findings = report.findings.filter((finding) => finding.severity === severity);
    return section(severity, TITLES[severity], findings.length, () => renderFindings(findings));
  });
  const moment = examinedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${database}: database report</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Database ${database}</h1>
<p class="soft">PostgreSQL ${serverVersion}, ${schemas.length === 1 ? 'schema' : 'schemas'} ${schemas.join(', ')}; ${String(checks.length)} checks on ${moment}</p>
${report.findings.length === 0 ? html`<p class="good">Nothing found.</p>` : html``}
${renderTiles(report)}
</header>
<h2>The database in figures</h2>
${renderPlots(report)}
${groups}
${section('unseen', 'Not seen', unseen.length, () => renderUnseen(unseen))}
${section('accepted', 'Accepted, with the reason', accepted.length, () => renderAccepted(accepted))}
${section('stale', 'Accepted, but not found any more', stale.length, () => renderStale(stale))}
</main>
</body>
</html>
`.text;
}

function section(id: string, title: string, count: number, render: () => Html): Html {
  return count === 0 ? html`` : html`<h2 id="${id}">${title}</h2>${render()}`;
}

function renderTiles({ findings, accepted, stale, unseen }: DoctorReport): Html {
  const counts: (readonly [string, string, number])[] = [
    ...SEVERITIES.map(
      (severity) =>
        [
          severity,
          PLURALS[severity],
          findings.filter((finding) => finding.severity === severity).length,
        ] as const,
    ),
    ['accepted', 'accepted', accepted.length],
    ['unseen', 'not seen', unseen.length],
    ...(stale.length > 0 ? [['stale', 'accepted in vain', stale.length] as const] : []),
  ];
  const tiles = counts.map(([id, name, count]) => {
    const tile = html`<b class="${count === 0 ? 'soft' : id}">${count}</b>${name}`;
    return html`<li>${count === 0 ? tile : html`<a href="#${id}">${tile}</a>`}</li>`;
  });
  return html`<ul class="tiles">${tiles}</ul>`;
}
