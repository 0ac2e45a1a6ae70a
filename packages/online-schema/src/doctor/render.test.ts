import type { DoctorReport, ReportedFinding } from './doctor-report';
import { html } from './page/html';
import { renderPage } from './page/render-page';
import { renderScatter } from './page/scatter';
import { renderReport } from './render-report';

const NASTY = `<img src=x onerror="alert('1')">&`;

const finding: ReportedFinding = {
  check: 'duplicate-index',
  title: 'Index that another one duplicates',
  severity: 'warning',
  object: `public.${NASTY}`,
  subject: { schema: 'public', table: NASTY, index: NASTY },
  message: `The words of ${NASTY} go on and on, so that there is something to break into more than one line.`,
  mend: [`DROP INDEX CONCURRENTLY "${NASTY}"`],
  figures: { bytes: 1_500_000_000, name: NASTY, share: 0.25, ageMs: 90_000_000, ready: true, missing: null },
};

const report: DoctorReport = {
  examinedAt: '2026-01-02T03:04:05.678Z',
  database: NASTY,
  serverVersion: '17.10',
  schemas: [NASTY],
  checks: [{ id: 'duplicate-index', title: 'T', severity: 'warning', elapsedMs: 1, completed: true }],
  findings: [finding, { ...finding, severity: 'notice', object: 'public.short' }],
  accepted: [{ ...finding, reason: NASTY }],
  stale: [{ check: 'bloat', object: NASTY, reason: NASTY }],
  unseen: [{ check: 'corruption', message: NASTY }],
  overview: {
    tables: Array.from({ length: 20 }, (_, at) => ({
      schema: NASTY,
      name: `${NASTY}${at}`,
      rows: at === 0 ? null : at * 1000,
      deadRows: at,
      heapBytes: at * 1_000_000,
      indexBytes: at * 300_000,
      sequentialScans: at,
      indexScans: at,
      analysedAgoMs: at === 0 ? null : at * 1_000_000,
      changedRows: at,
    })),
    indexes: Array.from({ length: 20 }, (_, at) => ({
      schema: NASTY,
      table: NASTY,
      name: `${NASTY}${at}`,
      bytes: at * 1_000_000,
      scans: at ** 6,
      unique: at % 3 === 0,
      valid: at % 7 !== 0,
    })),
    countedForMs: 90_000_000,
  },
};

const EMPTY: DoctorReport = {
  ...report,
  findings: [],
  accepted: [],
  stale: [],
  unseen: [],
  overview: { tables: [], indexes: [], countedForMs: null },
};

describe('the page', () => {
  it('takes nothing in the report for markup', () => {
    const page = renderPage(report);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('"alert');
    expect(page).toContain('&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;');
  });

  it('loads nothing and runs nothing', () => {
    const page = renderPage(report);
    expect(page).not.toMatch(/<script|<link|<iframe|\bsrc="|url\(|@import|https?:|href="(?!#)/);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('has every finding with its SQL, what was not seen, and what is accepted', () => {
    const page = renderPage(report);
    expect(page.match(/DROP INDEX CONCURRENTLY/g)).toHaveLength(2);
    for (const id of ['warning', 'notice', 'unseen', 'accepted', 'stale']) {
      expect(page).toContain(`<h2 id="${id}">`);
      expect(page).toContain(`href="#${id}"`);
    }
    expect(page).not.toContain('id="critical"');
    for (const figure of ['1.4 GB', '25 %', '25 hours', 'yes']) expect(page).toContain(`<dd>${figure}</dd>`);
  });

  it('has no number that is none, whatever is missing', () => {
    for (const one of [report, EMPTY, { ...report, overview: null }])
      expect(renderPage(one)).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
  });

  it('closes every element that it opens', () => {
    const page = renderPage(report).replace(/<style>[\s\S]*?<\/style>/, '');
    const open: string[] = [];
    for (const [, slash, name = '', empty] of page.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
      if (empty || name === 'meta') continue;
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('has what to change in the entities, before the SQL', () => {
    const page = renderPage({ ...report, findings: [{ ...finding, change: `Remove ${NASTY}.` }] });
    expect(page).toMatch(/<p class="change">Remove &#60;img [^<]*<\/p><pre>DROP INDEX/);
  });

  it('ends a name that stands left of its point before that, however wide the letters are', () => {
    const { text } = renderScatter(
      [{ name: 'w'.repeat(20), title: '', scans: 10, bytes: 8192, className: '' }],
      '',
    );
    const [, at] = /<circle class="" cx="(\d+)"/.exec(text) ?? [];
    expect(text).toContain(`<text class="end" x="${Number(at) - 9}"`);
  });

  it('shows what is used up as a share', () => {
    const page = renderPage({ ...report, findings: [{ ...finding, figures: { used: 0.978 } }] });
    expect(page).toContain('<dt>used</dt><dd>98 %</dd>');
  });

  it('says so when there is nothing', () => {
    expect(renderPage(EMPTY)).toContain('Nothing found.');
    expect(html`<p>${'a'}${html`<b>${1}</b>`}</p>`.text).toBe('<p>a<b>1</b></p>');
  });
});

describe('the lines', () => {
  it.each([60, 80, 120])('keep to %d columns, but for SQL', (columns) => {
    const lines = renderReport(report, columns).filter((line) => !line.includes('DROP INDEX'));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('have what to change in the entities in a paragraph of its own, before the SQL', () => {
    const change = 'Remove index a from User, then run holdfast generate --allow drop-index.';
    const lines = renderReport({ ...report, findings: [{ ...finding, change, mend: ['SELECT 1'] }] }, 80);
    expect(lines.slice(lines.indexOf(`    ${change}`)).slice(0, 2)).toEqual([
      `    ${change}`,
      '    SELECT 1;',
    ]);
  });

  it('have nothing that a terminal obeys, and keep the lines of SQL', () => {
    const [finding] = report.findings;
    const findings = finding && [
      { ...finding, object: 'public.a\u001b[2Jb\nc', message: 'red \u001b[31m', mend: ['DROP INDEX "a\nb"'] },
    ];
    const lines = renderReport({ ...report, ...(findings && { findings }) }, 80);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines).toEqual(expect.arrayContaining(['    DROP INDEX "a', 'b";']));
  });

  it('group findings by severity, then what was not seen, then what is accepted', () => {
    const lines = renderReport(report, 80);
    expect(lines.filter((line) => /^[A-Z]/.test(line) && line === line.toUpperCase())).toEqual([
      'WARNING (1)',
      'NOTICE (1)',
      'NOT SEEN (1)',
      'ACCEPTED (1)',
      'ACCEPTED, BUT NOT FOUND ANY MORE (1)',
    ]);
    expect(lines.slice(-2).join(' ')).toBe(
      '1 warning, 1 notice, 1 accepted, 1 accepted in vain, 1 not seen (1 check, PostgreSQL 17.10).',
    );
    expect(renderReport(EMPTY, 80)).toEqual(['Nothing found (1 check, PostgreSQL 17.10).']);
  });
});
