import { parse } from 'yaml';
import { checkExpression } from './check-expression';
import { isRecord, type JsonRecord, listRecords } from './json';
import type { Scrape } from './read-scrape';

/** What was found in one file. */
export interface FileReading {
  /** Expressions that were read: none means that nothing was checked. */
  readonly expressions: number;
  readonly problems: readonly string[];
}

/** A key that Prometheus does not know makes it refuse the whole file. */
const GROUP_KEYS = ['name', 'interval', 'rules'];
const RULE_KEYS = ['alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'];
const SEVERITIES = ['critical', 'warning'];
const DURATION = /^(?:\d+(?:ms|[smhd]))+$/;

/**
 * Checks a file of alert rules: its form, every expression, that each alert has a threshold, a time it must last, a severity
 * and words for whoever is called, that the labels in these words exist, and that the manual has a section for each.
 */
export function checkAlerts(text: string, manual: string, scrape: Scrape): FileReading {
  const problems: string[] = [];
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    return { expressions: 0, problems: [`is not YAML: ${String(error)}`] };
  }
  const names: string[] = [];
  let expressions = 0;
  for (const group of isRecord(content) ? listRecords(content.groups) : []) {
    const place = `group ${String(group.name)}`;
    problems.push(...findUnknownKeys(group, GROUP_KEYS).map((key) => `${place} has an unknown key ${key}`));
    for (const rule of listRecords(group.rules)) {
      const name = String(rule.alert);
      names.push(name);
      if (typeof rule.expr === 'string') expressions += 1;
      problems.push(...checkAlert(rule, scrape).map((problem) => `${name} ${problem}`));
    }
  }
  const sections = [...manual.matchAll(/^### (.+)$/gm)].map(([, heading]) => String(heading));
  problems.push(
    ...findRepeated(names).map((name) => `${name} is there twice`),
    ...names.filter((name) => !sections.includes(name)).map((name) => `${name} has no section in the manual`),
    ...sections
      .filter((section) => !names.includes(section))
      .map((section) => `the manual has a section ${section}, which is no alert`),
  );
  return { expressions, problems };
}

function checkAlert(rule: JsonRecord, scrape: Scrape): readonly string[] {
  const problems = findUnknownKeys(rule, RULE_KEYS).map((key) => `has an unknown key ${key}`);
  if (typeof rule.alert !== 'string' || !/^[A-Z][A-Za-z]+$/.test(rule.alert)) {
    problems.push('has no name in CamelCase');
  }
  for (const key of ['for', 'keep_firing_for']) {
    const isNeeded = key === 'for' || rule[key] !== undefined;
    if (isNeeded && !DURATION.test(String(rule[key]))) problems.push(`has no duration in ${key}`);
  }
  const labels = isRecord(rule.labels) ? rule.labels : {};
  if (!SEVERITIES.includes(String(labels.severity))) {
    problems.push(`has no severity of ${SEVERITIES.join(' or ')}`);
  }
  if (typeof rule.expr !== 'string') return [...problems, 'has no expression'];
  const reading = checkExpression(rule.expr, scrape);
  problems.push(...reading.problems);
  if (reading.labels === undefined) return problems;
  if (!reading.isCondition) problems.push('compares with no threshold, so it would always fire');
  const known = new Set([...reading.labels, ...Object.keys(labels)]);
  for (const key of ['summary', 'description']) {
    const words = isRecord(rule.annotations) ? rule.annotations[key] : undefined;
    if (typeof words !== 'string' || words.trim() === '') problems.push(`has no ${key}`);
    else problems.push(...checkTemplate(words, known).map((problem) => `${problem} in its ${key}`));
  }
  return problems;
}

/** Checks the places in double braces: Prometheus shows an unknown label as nothing and reports no error. */
function checkTemplate(words: string, known: ReadonlySet<string>): readonly string[] {
  const problems: string[] = [];
  if (words.split('{{').length !== words.split('}}').length) problems.push('has an unclosed brace');
  for (const [, label = ''] of words.matchAll(/\$labels\.(\w+)/g)) {
    if (!known.has(label)) problems.push(`shows the label ${label}, which its expression does not give`);
  }
  for (const [variable, name = ''] of words.matchAll(/\$(\w+)/g)) {
    if (!['labels', 'value'].includes(name))
      problems.push(`shows ${variable}, which Prometheus does not know`);
  }
  return problems;
}

function findUnknownKeys(record: JsonRecord, known: readonly string[]): string[] {
  return Object.keys(record).filter((key) => !known.includes(key));
}

function findRepeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}
