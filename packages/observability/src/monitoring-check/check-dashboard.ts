import type { FileReading } from './check-alerts';
import { checkExpression } from './check-expression';
import { isRecord, type JsonRecord, listRecords } from './json';
import type { Scrape } from './read-scrape';

/** Grafana 10.0 writes this version; what is newer is not known to it. */
const SCHEMA_VERSION = 38;
const COLUMNS = 24;
const DATA_SOURCE = '$' + '{datasource}';
/** Grafana's own source of annotations, the same in every installation. */
const BUILT_IN_SOURCE = '-- Grafana --';
/** Durations that Grafana fills in. */
const INTERVALS = /\$(?:__rate_interval|__interval|__range)\b|\$\{(?:__rate_interval|__interval|__range)\}/g;

/**
 * Checks a dashboard: that it imports into Grafana 10 and later and into any data source, that its panels have a place of
 * their own, every expression, and that the labels in its legends exist.
 */
export function checkDashboard(text: string, scrape: Scrape): FileReading {
  let dashboard: unknown;
  try {
    dashboard = JSON.parse(text);
  } catch (error) {
    return { expressions: 0, problems: [`is not JSON: ${String(error)}`] };
  }
  if (!isRecord(dashboard)) return { expressions: 0, problems: ['is no object'] };
  const variables = isRecord(dashboard.templating) ? listRecords(dashboard.templating.list) : [];
  const names = new Set(variables.map(({ name }) => String(name)));
  const panels = listRecords(dashboard.panels).flatMap((panel) => [panel, ...listRecords(panel.panels)]);
  const targets = panels.flatMap((panel) =>
    listRecords(panel.targets).map((target) => ({ target, place: `panel ${JSON.stringify(panel.title)}` })),
  );
  const problems = [
    ...checkFrame(dashboard, variables),
    ...findFixedSources(dashboard).map((uid) => `is bound to the data source or dashboard ${uid}`),
    ...variables.flatMap((variable) => checkVariable(variable, names, scrape)),
    ...panels.flatMap((panel) =>
      checkPanel(panel).map((problem) => `panel ${JSON.stringify(panel.title)} ${problem}`),
    ),
    ...checkPlaces(panels),
    ...targets.flatMap(({ target, place }) =>
      checkTarget(target, names, scrape).map((problem) => `${place} ${problem}`),
    ),
  ];
  return { expressions: targets.filter(({ target }) => typeof target.expr === 'string').length, problems };
}

function checkFrame(dashboard: JsonRecord, variables: readonly JsonRecord[]): readonly string[] {
  const problems: string[] = [];
  if (typeof dashboard.title !== 'string') problems.push('has no title');
  if (dashboard.schemaVersion !== SCHEMA_VERSION)
    problems.push(`has not the schema version ${SCHEMA_VERSION}`);
  if (dashboard.id != null) problems.push('has the id of one installation');
  if (
    !variables.some(
      ({ name, type, query }) => name === 'datasource' && type === 'datasource' && query === 'prometheus',
    )
  ) {
    problems.push('has no variable datasource for a Prometheus');
  }
  return problems;
}

/** Finds every `uid` that only one installation knows. */
function findFixedSources(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(findFixedSources);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    key === 'uid' && field != null && field !== DATA_SOURCE && field !== BUILT_IN_SOURCE
      ? [String(field)]
      : findFixedSources(field),
  );
}

/** A variable that lists the values of a label asks for it in a form that is not PromQL. */
function checkVariable(
  { name, type, definition, query }: JsonRecord,
  names: ReadonlySet<string>,
  scrape: Scrape,
): readonly string[] {
  if (type !== 'query') return [];
  const asked = String(isRecord(query) ? query.query : query);
  const problems = definition === asked ? [] : ['shows a query that is not the one it asks'];
  const [, selector, label] = /^label_values\((.+),\s*(\w+)\)$/.exec(asked) ?? [];
  if (selector === undefined || label === undefined)
    problems.push(`asks ${asked}, which this check cannot read`);
  else problems.push(...checkExpression(`count by (${label}) (${selector})`, scrape).problems);
  problems.push(...findUnknownVariables(asked, names));
  return problems.map((problem) => `variable ${String(name)} ${problem}`);
}

function findUnknownVariables(expression: string, names: ReadonlySet<string>): readonly string[] {
  return [...expression.matchAll(/\$\{?(\w+)/g)]
    .filter(([, name = '']) => !names.has(name))
    .map(([variable]) => `uses ${variable}, which is no variable of the dashboard`);
}

function checkPanel(panel: JsonRecord): readonly string[] {
  if (panel.type === 'row') return [];
  const problems: string[] = [];
  const targets = listRecords(panel.targets);
  if (targets.length === 0) problems.push('asks for nothing');
  for (const asking of [panel, ...targets]) {
    const source = isRecord(asking.datasource) ? asking.datasource : {};
    if (source.type !== 'prometheus' || source.uid !== DATA_SOURCE)
      problems.push('does not ask the variable datasource');
  }
  const references = targets.map(({ refId }) => refId);
  if (new Set(references).size < references.length || references.includes(undefined)) {
    problems.push('has targets that cannot be told apart');
  }
  const defaults = isRecord(panel.fieldConfig) ? panel.fieldConfig.defaults : undefined;
  if (!isRecord(defaults) || typeof defaults.unit !== 'string') problems.push('has no unit');
  if (typeof panel.description !== 'string') problems.push('does not say what it shows');
  return problems;
}

function checkPlaces(panels: readonly JsonRecord[]): readonly string[] {
  const problems: string[] = [];
  const ids = new Set<unknown>();
  const taken = new Map<string, unknown>();
  for (const { id, title, gridPos } of panels) {
    const place = `panel ${JSON.stringify(title)}`;
    if (typeof id !== 'number' || ids.has(id)) problems.push(`${place} has no id of its own`);
    ids.add(id);
    const { x, y, w, h } = isRecord(gridPos) ? gridPos : {};
    if (![x, y, w, h].every(Number.isInteger) || Number(x) + Number(w) > COLUMNS) {
      problems.push(`${place} does not fit into ${COLUMNS} columns`);
      continue;
    }
    const overlapped = new Set<unknown>();
    for (let column = Number(x); column < Number(x) + Number(w); column += 1) {
      for (let row = Number(y); row < Number(y) + Number(h); row += 1) {
        const cell = `${column}/${row}`;
        if (taken.has(cell)) overlapped.add(taken.get(cell));
        taken.set(cell, title);
      }
    }
    problems.push(...[...overlapped].map((other) => `${place} lies on panel ${JSON.stringify(other)}`));
  }
  return problems;
}

function checkTarget(target: JsonRecord, variables: ReadonlySet<string>, scrape: Scrape): readonly string[] {
  if (typeof target.expr !== 'string') return ['has a target without an expression'];
  const expression = target.expr.replaceAll(INTERVALS, '5m');
  const problems = [...findUnknownVariables(expression, variables)];
  const reading = checkExpression(expression, scrape);
  problems.push(...reading.problems);
  for (const [, label = ''] of String(target.legendFormat ?? '').matchAll(/\{\{\s*(\w+)\s*\}\}/g)) {
    if (reading.labels !== undefined && !reading.labels.has(label)) {
      problems.push(`shows the label ${label} in a legend, which its expression does not give`);
    }
  }
  return problems;
}
