import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { listLiterals, listMessages, readSources } from '../test/source-texts';

const FOLDER = join(__dirname, '../../../../monitoring');
const manual = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const rules: readonly Rule[] = parse(readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8')).groups.flatMap(
  (group: { rules: readonly Rule[] }) => group.rules,
);
const dashboard = JSON.parse(readFileSync(join(FOLDER, 'dashboard.json'), 'utf8'));
const titles: ReadonlySet<string> = new Set(dashboard.panels.map(({ title }: { title: string }) => title));
const sources = readSources();

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly keep_firing_for?: string;
  readonly annotations: { readonly description: string };
}

/** What the manual says of an alert. */
function readSection(text: string, alert: string): string {
  const [, section = ''] = text.split(`### ${alert}\n`);
  return section.split(/^#{2,3} /m)[0] ?? '';
}

/** Lines of the log that a text quotes: they begin with a word that has a capital, and have more than one. */
function listQuotedLines(text: string): readonly string[] {
  return [...text.matchAll(/`([A-Z][a-z]* [^`]+)`/g)].map(([, line = '']) => line.replaceAll(/\s+/g, ' '));
}

function findUnknownLines(text: string): readonly string[] {
  const messages = listMessages(sources);
  return listQuotedLines(text).filter((line) => !messages.has(line));
}

/** Settings and codes of ours: words in capitals. Those of the system and of PostgreSQL have no `_`. */
function findUnknownNames(text: string): readonly string[] {
  const known = listLiterals(sources);
  // Keys of a table are not quoted.
  const keys = new Set(
    sources.flatMap((source) => [...source.matchAll(/^\s*([A-Z_]+):/gm)].map(([, key]) => key)),
  );
  return [...text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)]
    .map(([name]) => name)
    .filter((name) => !known.has(name) && !keys.has(name));
}

/** How long after its cause an alert may still fire: as far as its rule looks back, and as long as it is kept. */
function readMinutesToClear({ expr, keep_firing_for: kept = '0m' }: Rule): number {
  const windows = [...expr.matchAll(/\[(\d+[smh])\]/g)].map(([, window = '']) => readMinutes(window));
  return Math.max(0, ...windows) + readMinutes(kept);
}

function readMinutes(duration: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(duration) ?? [];
  return Number(count) * ({ s: 1 / 60, m: 1, h: 60 }[unit] ?? Number.NaN);
}

function saysWhenItClears(section: string, rule: Rule): boolean {
  const minutes = readMinutesToClear(rule);
  const words = minutes === 0 ? 'with the next scrape' : `within ${minutes} minutes?`;
  return new RegExp(`^\\*\\*Clears\\*\\* ${words}\\b`, 'm').test(section);
}

function readBlocks(text: string): readonly (readonly [language: string, code: string])[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => [
    language,
    code,
  ]);
}

/** The problem of a block, if it has one. Statements in SQL are run where there is a server: by the tests of apps/api. */
function checkBlock(language: string, code: string): string | undefined {
  switch (language) {
    case 'sql':
      return undefined;
    case 'yaml':
      try {
        parse(code);
        return undefined;
      } catch (error) {
        return String(error);
      }
    case 'sh': {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: code, encoding: 'utf8' });
      return status === 0 ? undefined : stderr;
    }
    default:
      return `is in ${language || 'no language'}, which nobody checks`;
  }
}

describe('the manual of the alerts', () => {
  it.each(rules)('says of $alert what is noticed, what to search for, what to do, and until when', (rule) => {
    const section = readSection(manual, rule.alert);
    // What to do is a list in order, or a table by error.
    expect(section).toMatch(
      /^\n\*\*Noticed\*\*: .+^\*\*Log\*\*: .+(?:^1\. |what to do \|$).+^\*\*Clears\*\* .+\bcall\b/ims,
    );
    const [, log = ''] = section.split('**Log**: ');
    expect(listQuotedLines(log.split('\n\n')[0] ?? '')).not.toEqual([]);
    expect(saysWhenItClears(section, rule)).toBe(true);
  });

  it('would be refused with a time to clear that is not that of the rule', () => {
    const [rule] = rules.filter(({ alert }) => alert === 'ConnectionTimeouts');
    if (rule === undefined) throw new Error('there is no such rule');
    const section = readSection(manual, rule.alert);
    expect(saysWhenItClears(section, { ...rule, keep_firing_for: '6m' })).toBe(false);
    expect(saysWhenItClears(section, { ...rule, expr: rule.expr.replace('[5m]', '[15m]') })).toBe(false);
  });

  it('quotes lines of the log as the sources write them', () => {
    expect(listQuotedLines(manual).length).toBeGreaterThanOrEqual(rules.length);
    expect(findUnknownLines(manual)).toEqual([]);
  });

  it.each([
    ['`Slow statement`', '`Slow statements`'],
    ['`Connection pool near capacity`', '`Connection pool near its capacity`'],
    ['`Gave up retrying`', '`Giving up retrying`'],
  ])('would be refused if %s were another line', (right, wrong) => {
    expect(manual).toContain(right);
    expect(findUnknownLines(manual.replace(right, wrong))).toHaveLength(1);
  });

  it('names settings and codes that the sources know', () => {
    expect(manual).toContain('DATABASE_POOL_MAX');
    expect(findUnknownNames(manual)).toEqual([]);
    expect(findUnknownNames(manual.replaceAll('DATABASE_POOL_MAX', 'DATABASE_POOL_MOST'))).toContain(
      'DATABASE_POOL_MOST',
    );
  });

  it('says what to do for every reason why a connection cannot be opened', () => {
    const [owner = ''] = sources.filter((source) => source.includes('export type ConnectionFailureCode ='));
    const codes = [...listLiterals([owner])].filter((text) => /^DATABASE_[A-Z_]+$/.test(text));
    expect(codes.length).toBeGreaterThanOrEqual(9);
    const section = readSection(manual, 'ConnectionsCannotBeOpened');
    expect(codes.filter((code) => !section.includes(`\`${code}\``))).toEqual([]);
  });

  it('names panels that the dashboard has', () => {
    const named = [...manual.matchAll(/(?<!\*)\*([A-Z][^*→]+)\*(?!\*)/g)].map(([, title = '']) => title);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((title) => !titles.has(title.replaceAll(/\s+/g, ' ')))).toEqual([]);
  });

  it('agrees with the alerts about lines and panels', () => {
    const known = new Set([...titles, ...listMessages(sources)]);
    const quoted = rules.flatMap(({ annotations }) =>
      [...annotations.description.matchAll(/"([A-Z][^"]+)"/g)].map(([, text = '']) => text),
    );
    expect(quoted.length).toBeGreaterThan(3);
    expect(quoted.filter((text) => !known.has(text))).toEqual([]);
  });

  it('leads to sections that are there', () => {
    const anchors = [...manual.matchAll(/^#+ (.+)$/gm)].map(
      ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
    );
    const links = [...manual.matchAll(/\]\((#[^)]+)\)/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !anchors.includes(String(link)))).toEqual([]);
  });

  it('shows nothing that cannot be used as it stands', () => {
    const blocks = readBlocks(manual);
    expect(new Set(blocks.map(([language]) => language))).toEqual(new Set(['yaml', 'sh', 'sql']));
    expect(blocks.map(([language, code]) => checkBlock(language, code)).filter(Boolean)).toEqual([]);
    // A statement within a sentence would be run by no test.
    expect(manual).not.toMatch(/`(?:select|alter|show|set) /i);
  });

  it.each([
    ['yaml', 'groups: ['],
    ['sh', 'grep "open service.log'],
    ['python', 'pass'],
  ])('would be refused with broken %s', (language, code) => {
    expect(checkBlock(language, code)).not.toBeUndefined();
  });
});
