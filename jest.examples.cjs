const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** What an example need not do: use everything it makes, or give a value to what TypeORM fills. */
const LENIENCY = { noUnusedLocals: false, strictPropertyInitialization: false };

exports.readExamples = (packageFolder, language = 'ts') => {
  const docs = join(packageFolder, 'docs');
  const pages = existsSync(docs) ? readdirSync(docs).filter((page) => page.endsWith('.md')) : [];
  return ['README.md', ...pages.map((page) => join('docs', page))].flatMap((page) => {
    const text = readFileSync(join(packageFolder, page), 'utf8');
    return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, named, code]) =>
      named === language ? [code] : [],
    );
  });
};

exports.compileExamples = (packageFolder, examples) => {
  const folder = join(packageFolder, '.generated/examples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    // Modules whatever the package is, so that they may await at their top.
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    examples.forEach((code, at) => {
      writeFileSync(join(folder, `example-${at + 1}.ts`), code);
    });
    const compilerOptions = {
      ...LENIENCY,
      noEmit: true,
      rootDir: packageFolder,
      paths: readDoors(packageFolder),
    };
    const config = {
      extends: '../../../../tsconfig.base.json',
      compilerOptions,
      include: ['*.ts', '../../src/**/*.d.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    return { status, output: stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The doors of the package as its sources: an example is held against what is written, not against the last build. */
function readDoors(packageFolder) {
  const { name, exports: doors } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  return Object.fromEntries(
    Object.entries(doors)
      .filter(([, { types }]) => types !== undefined)
      .map(([door, { types }]) => {
        const source = types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts');
        return [name + door.slice(1), [join(packageFolder, source)]];
      }),
  );
}
