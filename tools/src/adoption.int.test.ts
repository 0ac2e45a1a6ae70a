import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { applyPatch, parsePatch } from 'diff';

const ROOT = resolve(__dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'adopting');

/** What a reader of the document is shown: a change of files, or commands with what they print. */
interface Block {
  readonly language: string;
  readonly text: string;
}

interface Run {
  readonly code: number;
  readonly output: string;
}

describe('a project with a history of its own', () => {
  let database: TestDatabase;
  let project: string;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    const generated = join(__dirname, '..', '.generated');
    await mkdir(generated, { recursive: true });
    // Beside the dependencies of this workspace, which stand for those that it would install.
    project = await mkdtemp(join(generated, 'adopting-'));
    await cp(EXAMPLE, project, {
      recursive: true,
      filter: (path) => !/[\\/](?:node_modules|dist)$/.test(path),
    });
    await run('npm run build');
    await run('npm run typeorm -- migration:run');
  });

  afterAll(async () => {
    await rm(project, { recursive: true, force: true });
    await database?.drop();
  });

  /** As a shell in its folder would; `npx` finds what is installed, and npm puts it on the path. */
  function run(command: string): Promise<Run> {
    const [program = '', ...args] = command.split(' ');
    const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(':');
    const env = { ...process.env, PATH: path, DATABASE_URL: database.url };
    const [file, rest] = program === 'npx' ? [args[0] ?? '', args.slice(1)] : [program, args];
    return new Promise((done) => {
      execFile(file, rest, { cwd: project, env }, (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, output: `${stdout}${stderr}` });
      });
    });
  }

  it('adopts Holdfast in the steps that its document shows, with the output that stands there', async () => {
    const blocks = readBlocks(await readFile(join(EXAMPLE, 'README.md'), 'utf8'));
    const seen: string[] = [];
    for (const { language, text } of blocks) {
      if (language === 'diff') await patch(text);
      if (language !== 'console') continue;
      for (const { command, output } of readCommands(text)) {
        const found = await run(command);
        expect(`$ ${command}\n${smooth(found.output)}`).toBe(`$ ${command}\n${smooth(output)}`);
        seen.push(`${command.replace(/^npx | -d .*$/g, '')}: ${found.code}`);
      }
    }
    expect(seen).toEqual([
      'holdfast drift: 1',
      'npm run --silent build: 0',
      'holdfast drift: 0',
      'npm run --silent build: 0',
      'holdfast plan: 0',
      'holdfast generate index-loans: 0',
      'npm run --silent build: 0',
      'holdfast migrate: 0',
      'npm run --silent typeorm -- migration:show: 0',
    ]);
  });

  it('can be reverted with Holdfast, and then migrated by the plain command', async () => {
    expect(await run('npx holdfast revert -d dist/data-source.js')).toMatchObject({ code: 0 });
    expect(await run('npx holdfast drift -d dist/data-source.js')).toMatchObject({ code: 1 });
    expect(await run('npm run --silent typeorm -- migration:run')).toMatchObject({ code: 0 });
    expect(await run('npx holdfast drift -d dist/data-source.js')).toMatchObject({ code: 0 });
  });

  async function patch(text: string): Promise<void> {
    const changes = parsePatch(text);
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) {
      const file = join(project, (change.newFileName ?? '').replace(/^b\//, ''));
      const changed = applyPatch(await readFile(file, 'utf8'), change);
      if (changed === false) throw new Error(`the change of ${change.newFileName} does not fit`);
      await writeFile(file, changed);
    }
  }
});

function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

function readCommands(text: string): { command: string; output: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...lines] = part.split('\n');
      return { command, output: lines.join('\n') };
    });
}

/** What differs from run to run: times, stamps and the server's version. */
function smooth(output: string): string {
  return output
    .replaceAll(/\d{13}/g, '<stamp>')
    .replaceAll(/\d+(?:\.\d+)? m?s\b/g, '<time>')
    .replaceAll(/PostgreSQL \d+\.\d+/g, 'PostgreSQL <version>')
    .trim();
}
