import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const packageFolder = resolve(__dirname, '..');
const folder = join(packageFolder, '.generated/examples');
const pages = ['README.md', ...readdirSync(join(packageFolder, 'docs')).map((page) => `docs/${page}`)].filter(
  (page) => page.endsWith('.md'),
);

/** Every TypeScript block of a page, as a module of its own. */
function readExamples(page: string): string[] {
  const text = readFileSync(join(packageFolder, page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
}

function compile(examples: readonly string[]): { readonly status: number | null; readonly output: string } {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  examples.forEach((code, at) => {
    writeFileSync(join(folder, `example-${at + 1}.mts`), code);
  });
  const compilerOptions = {
    noEmit: true,
    types: ['node'],
    rootDir: packageFolder,
    strictPropertyInitialization: false,
    noUnusedLocals: false,
    paths: { '@holdfast/postgres': [join(packageFolder, 'src/index.ts')] },
  };
  const config = {
    extends: '../../../../tsconfig.base.json',
    compilerOptions,
    include: ['*.mts', '../../src/**/*.d.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  return { status, output: stdout };
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every example in the documentation compiles', () => {
  const examples = pages.flatMap(readExamples);
  expect(examples.length).toBeGreaterThanOrEqual(4);
  expect(compile(examples)).toEqual({ status: 0, output: '' });
});

test('an example with a misspelt option does not compile', () => {
  const { status, output } = compile([
    `import { outcomeLedger } from '@holdfast/postgres';\nexport const ledger = outcomeLedger({ retention: 3 });`,
  ]);
  expect(status).not.toBe(0);
  expect(output).toContain('retention');
});
