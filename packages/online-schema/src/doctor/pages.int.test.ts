import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { openScratch } from '../test/scratch';
import { CHECK_IDS, type CheckId } from './check-id';
import { CHECKS } from './checks';
import { examine } from './examine';

const folder = join(__dirname, '..', '..', 'docs', 'doctor');
const readPage = (name: string) => readFileSync(join(folder, `${name}.md`), 'utf8');

interface Statement {
  readonly sql: string;
  readonly fails: boolean;
}

interface Reproduction {
  readonly statements: readonly Statement[];
  readonly directive:
    | '-- not by SQL alone'
    | '-- looked at 30 days later'
    | '-- on PostgreSQL 18'
    | undefined;
}

const DIRECTIVES = ['-- not by SQL alone', '-- looked at 30 days later', '-- on PostgreSQL 18'] as const;

function readReproduction(page: string): Reproduction {
  const [, section = ''] = /\n## Reproduce\n([\s\S]*?)\n## /.exec(page) ?? [];
  const blocks = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks).toHaveLength(1);
  const [block = ''] = blocks;
  return {
    statements: splitStatements(block),
    directive: DIRECTIVES.find((directive) => block.startsWith(`${directive}\n`)),
  };
}

/** One to a statement that ends with its line, except within dollar quotes. */
function splitStatements(block: string): Statement[] {
  const statements: Statement[] = [];
  let lines: string[] = [];
  for (const line of block.split('\n')) {
    lines.push(line);
    const isQuoted = (lines.join('\n').split('$$').length - 1) % 2 === 1;
    if (!line.trimEnd().endsWith(';') || line.trimStart().startsWith('--') || isQuoted) continue;
    statements.push({ sql: lines.join('\n'), fails: lines.some((one) => one.startsWith('-- fails')) });
    lines = [];
  }
  expect(lines.join('').trim()).toBe('');
  return statements;
}

/** Runs the statements, each alone, and tells which check finds how much before and after. */
async function countFindings(dataSource: DataSource, id: CheckId, { statements, directive }: Reproduction) {
  const later = directive === '-- looked at 30 days later';
  const now = later ? new Date(Date.now() + 30 * 24 * 60 * 60 * 1000) : undefined;
  const count = async () => (await examine(dataSource, { only: [id], ...(now && { now }) })).findings.length;
  const before = await count();
  for (const { sql, fails } of statements) {
    const running = dataSource.query(sql);
    await (fails ? expect(running).rejects.toThrow() : running);
  }
  return { before, after: await count() };
}

describe('the pages of the doctor', () => {
  it('are one for each check, and one that lists them all', () => {
    const pages = readdirSync(folder).sort();
    expect(pages).toEqual(['README.md', ...CHECK_IDS.map((id) => `${id}.md`)].sort());
    const listed = [...readPage('README').matchAll(/^\| \[([a-z-]+)\]\(([a-z-]+)\.md\) \| (\w+) \|/gm)];
    expect(listed.map(([, name, target, severity]) => [name, target, severity])).toEqual(
      CHECKS.map(({ id, severity }) => [id, id, severity]),
    );
  });

  it('belong to checks that run in the order of their ids', () => {
    expect(CHECKS.map(({ id }) => id)).toEqual(CHECK_IDS);
  });

  it.each(CHECKS.map((check) => [check.id, check] as const))(
    '%s: say what it is, why, how to reproduce and to mend it, and when to accept it',
    (id, { title, severity }) => {
      const page = readPage(id);
      expect(page.split('\n')[0]).toBe(`# ${title}`);
      expect(page).toContain(`\n\`${id}\`, ${severity}`);
      expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
        'Why it matters',
        'Reproduce',
        'Mend',
        'When to accept',
      ]);
    },
  );

  it.each(CHECK_IDS)('%s: what the page runs makes the check report, and nothing else did', async (id) => {
    const reproduction = readReproduction(readPage(id));
    if (reproduction.directive === '-- not by SQL alone') return;
    if (reproduction.directive === '-- on PostgreSQL 18') {
      await using server = await openTemporaryServer({ version: 18 });
      const dataSource = new DataSource({
        type: 'postgres',
        url: server.url,
        poolSize: 1,
        installExtensions: false,
      });
      await dataSource.initialize();
      try {
        expect(await countFindings(dataSource, id, reproduction)).toEqual({ before: 0, after: 1 });
      } finally {
        await dataSource.destroy();
      }
      return;
    }
    const scratch = await openScratch({ poolSize: 1 });
    try {
      expect(await countFindings(scratch.dataSource, id, reproduction)).toEqual({ before: 0, after: 1 });
    } finally {
      await scratch.close();
    }
  });
});
