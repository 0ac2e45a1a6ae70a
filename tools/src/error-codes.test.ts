import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.turbo', '.holdfast', 'coverage', 'reports']);

function listFiles(folder: string, isWanted: (file: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    if (entry.isDirectory()) return listFiles(path, isWanted);
    return isWanted(path) ? [path] : [];
  });
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const isSource = (file: string): boolean => /\.(?:ts|cts|mjs|cjs|js|yml|json)$|^\.ci\/run$/.test(file);
const isProgram = (file: string): boolean => /(?<!\.test)\.ts$/.test(file);

const sources = new Map(listFiles('.', isSource).map((file) => [file, read(file)]));
const documents = new Map(
  listFiles('.', (file) => file.endsWith('.md')).map((file) => [file, read(file)] as const),
);

interface Coded {
  readonly error: string;
  readonly code: string;
}

/** Errors of a package whose class says its only code. */
function listCoded(folder: string): Coded[] {
  return [...sources]
    .filter(([file]) => file.startsWith(`${folder}/src/`) && isProgram(file))
    .flatMap(([, text]) => [
      ...text.matchAll(/class (\w+) extends[^{]*\{[^{}]*?readonly code = '([A-Z_]+)'/g),
    ])
    .map(([, error = '', code = '']) => ({ error, code }));
}

/** The rows of tables that say which error has which codes. */
function listRows(folder: string): (Coded & { readonly file: string })[] {
  return [...documents]
    .filter(([file]) => file.startsWith(`${folder}/`))
    .flatMap(([file, text]) =>
      [...text.matchAll(/^\| `(\w+Error)`[^|]*\| ([^|]*)\|/gm)].flatMap(([, error = '', codes = '']) =>
        [...codes.matchAll(/`([A-Z]+(?:_[A-Z]+)+|TIMEOUT)`/g)].map(([, code = '']) => ({
          file,
          error,
          code,
        })),
      ),
    );
}

/** Packages whose documents have such tables, and what their codes begin with. */
const TABLES = [
  ['packages/postgres', ''],
  ['packages/resilience', ''],
  ['packages/db', 'HOLDFAST_'],
] as const;

it('every name with our prefix in a document is one of a program', () => {
  const known = new Set([...sources.values()].flatMap((text) => text.match(/\bHOLDFAST_[A-Z_]+\b/g) ?? []));
  const named = [...documents].flatMap(([file, text]) =>
    (text.match(/\bHOLDFAST_[A-Z_]+\b/g) ?? []).map((name) => ({ file, name })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
});

describe.each(TABLES)('the codes of %s', (folder, prefix) => {
  it('are in its tables, each beside its error', () => {
    const rows = new Set(listRows(folder).map(({ error, code }) => `${error} ${code}`));
    const coded = listCoded(folder);
    expect(coded.length).toBeGreaterThan(3);
    expect(coded.filter(({ error, code }) => !rows.has(`${error} ${code}`))).toEqual([]);
  });

  it('stand in its tables only as they are in a program', () => {
    const rows = listRows(folder);
    const programs = [...sources].filter(([file]) => isProgram(file)).map(([, text]) => text);
    const isThere = ({ error, code }: Coded) =>
      programs.some((text) => text.includes(`class ${error} `)) &&
      programs.some((text) => text.includes(`'${code}'`));
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter((row) => !isThere(row))).toEqual([]);
  });

  it(`begin with "${prefix}", all of them`, () => {
    const isOurs = (code: string) => code.startsWith('HOLDFAST_') === (prefix !== '');
    expect(listCoded(folder).filter(({ code }) => !isOurs(code))).toEqual([]);
  });
});
