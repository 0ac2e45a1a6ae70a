import type { DoctorReport, IndexFigures, Overview, TableFigures } from '../doctor-report';
import { renderAge, renderBytes, renderCount, renderShare } from '../quantity';
import { type Bar, renderBars } from './bars';
import { type Html, html } from './html';
import { type Point, renderScatter } from './scatter';

/** More than this, and nobody reads the rest. */
const ROWS = 12;

/** The database in pictures: what takes the space, what is read, what is dead, and how old the statistics are. */
export function renderPlots(report: DoctorReport): Html {
  const { overview } = report;
  if (overview === null) return html`<p class="soft">The sizes could not be read.</p>`;
  if (overview.tables.length === 0) return html`<p class="soft">There are no tables in these schemas.</p>`;
  return html`<div class="plots">
${[plotTables(overview), plotSpace(report, overview), plotStatistics(overview), plotIndexes(overview)]}
</div>`;
}

function card(title: string, text: string, plot: Html, legend: readonly [string, string][] = []): Html {
  const items = legend.map(
    ([className, name]) =>
      html`<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${className}" width="10" height="10" rx="2"/></svg>${name}</span>`,
  );
  const list = items.length === 0 ? html`` : html`<div class="legend">${items}</div>`;
  return html`<section class="card"><h3>${title}</h3><p class="soft">${text}</p>${plot}${list}</section>`;
}

function plotTables({ tables }: Overview): Html {
  const total = ({ heapBytes, indexBytes }: TableFigures) => heapBytes + indexBytes;
  const bars = tables.slice(0, ROWS).map((table): Bar => {
    const share = renderShare(table.indexBytes / Math.max(1, total(table)));
    return {
      name: table.name,
      title: `${nameOf(table)}: ${renderBytes(table.heapBytes)} of data, ${renderBytes(table.indexBytes)} of indexes`,
      note: `${renderBytes(total(table))}, ${share} indexes`,
      parts: [
        { value: table.heapBytes, className: 'heap' },
        { value: table.indexBytes, className: 'index' },
      ],
    };
  });
  const all = tables.reduce((sum, table) => sum + total(table), 0);
  const title = 'What takes the space';
  const text = `${renderBytes(all)} in ${renderCount(tables.length)} ${tables.length === 1 ? 'table' : 'tables'}${rest(tables.length)}.`;
  return card(title, text, renderBars(bars, Math.max(1, ...tables.map(total)), title), [
    ['heap', 'data'],
    ['index', 'indexes'],
  ]);
}

function plotIndexes({ indexes, countedForMs }: Overview): Html {
  const title = 'Size of indexes against their use';
  const since = countedForMs === null ? 'as far back as the server goes' : `in ${renderAge(countedForMs)}`;
  const points = indexes.map(
    (index): Point => ({
      name: index.name,
      title: `${nameOf(index)} on ${index.table}: ${renderBytes(index.bytes)}, read ${renderCount(index.scans)} times`,
      scans: index.scans,
      bytes: index.bytes,
      className: classOf(index),
    }),
  );
  const text = `What is large and never read stands in the upper left corner. Counted ${since}.`;
  return card(title, text, renderScatter(points, title), [
    ['index', 'read'],
    ['unread', 'not read'],
    ['enforces', 'enforces a rule'],
    ['broken', 'not valid'],
  ]);
}

function classOf({ valid, unique, scans }: IndexFigures): string {
  if (!valid) return 'broken';
  if (unique) return 'enforces';
  return scans > 0 ? 'index' : 'unread';
}

/** The estimates of the check for bloat, where it reported some; the share of dead rows, which is always known. */
function plotSpace({ findings, accepted }: DoctorReport, { tables }: Overview): Html {
  const estimates = [...findings, ...accepted].flatMap(({ check, object, figures }) => {
    const { wastedBytes, bytes } = figures;
    if (check !== 'bloat' || typeof wastedBytes !== 'number' || typeof bytes !== 'number') return [];
    return [{ object, wastedBytes, bytes }];
  });
  if (estimates.length > 0) {
    const title = 'Space that holds nothing';
    const bars = estimates
      .toSorted((one, other) => other.wastedBytes - one.wastedBytes)
      .slice(0, ROWS)
      .map(
        ({ object, wastedBytes, bytes }): Bar => ({
          name: object.slice(object.indexOf('.') + 1),
          title: `${object}: about ${renderBytes(wastedBytes)} of ${renderBytes(bytes)} hold nothing`,
          note: `${renderBytes(wastedBytes)}, ${renderShare(wastedBytes / Math.max(1, bytes))}`,
          parts: [
            { value: bytes - wastedBytes, className: 'heap' },
            { value: wastedBytes, className: 'unread' },
          ],
        }),
      );
    const largest = Math.max(1, ...estimates.map(({ bytes }) => bytes));
    return card(
      title,
      'Estimated from the statistics, for what the check reported.',
      renderBars(bars, largest, title),
      [
        ['heap', 'in use'],
        ['unread', 'free'],
      ],
    );
  }
  const title = 'Dead rows';
  const share = ({ rows, deadRows }: TableFigures) => deadRows / Math.max(1, (rows ?? 0) + deadRows);
  const bars = tables
    .filter(({ deadRows }) => deadRows > 0)
    .toSorted((one, other) => share(other) - share(one))
    .slice(0, ROWS)
    .map(
      (table): Bar => ({
        name: table.name,
        title: `${nameOf(table)}: ${renderCount(table.deadRows)} dead rows`,
        note: `${renderCount(table.deadRows)}, ${renderShare(share(table))}`,
        parts: [{ value: share(table), className: 'unread' }],
      }),
    );
  if (bars.length === 0) return card(title, 'No table has any; VACUUM keeps up.', html``);
  return card(
    title,
    'Of all rows; what VACUUM has not cleared away yet. No bloat was reported.',
    renderBars(bars, 1, title),
  );
}

function plotStatistics({ tables }: Overview): Html {
  const title = 'Age of the statistics';
  const changed = ({ rows, changedRows }: TableFigures) => changedRows / Math.max(1, rows ?? 0, changedRows);
  const age = ({ analysedAgoMs }: TableFigures) => analysedAgoMs ?? Number.POSITIVE_INFINITY;
  const bars = tables
    .toSorted((one, other) => (age(one) === age(other) ? 0 : age(other) - age(one)))
    .slice(0, ROWS)
    .map((table): Bar => {
      const ago = table.analysedAgoMs === null ? 'never' : renderAge(table.analysedAgoMs);
      return {
        name: table.name,
        title: `${nameOf(table)}: ${renderCount(table.changedRows)} rows changed since it was analysed`,
        note: `${ago}, ${renderShare(changed(table))} changed`,
        parts: [{ value: changed(table), className: table.analysedAgoMs === null ? 'unread' : 'index' }],
      };
    });
  const text = `When tables were last analysed, oldest first, and the share of rows changed since${rest(tables.length)}.`;
  return card(title, text, renderBars(bars, 1, title), [
    ['index', 'changed since'],
    ['unread', 'never analysed'],
  ]);
}

function rest(count: number): string {
  return count > ROWS ? `; ${ROWS} of them shown` : '';
}

function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}
