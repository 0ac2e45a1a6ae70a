import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';

const COMMON = `const { DataSource } = require('typeorm');
const open = () => new DataSource({ type: 'postgres', url: process.env.DATABASE_URL });\n`;
const ESM = `import { DataSource } from 'typeorm';
const open = () => new DataSource({ type: 'postgres', url: process.env.DATABASE_URL });\n`;

describe('the file that -d names', () => {
  let database: TestDatabase;
  let project: string;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'loaded-'));
    writeFileSync(join(project, 'package.json'), '{"name":"loaded","type":"commonjs"}');
    mkdirSync(join(project, 'dist'));
  });

  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await database?.drop();
  });

  const run = (command: string, file: string) =>
    startHoldfast([command, '-d', file], { DATABASE_URL: database.url }, project).ended;
  const write = (name: string, text: string) => writeFileSync(join(project, name), text);

  it.each([
    // What a compiler makes of `export default new DataSource()`, and of a second export that is the same one.
    ['a default, compiled to CommonJS', 'a.js', `exports.__esModule = true; exports.default = open();`],
    [
      'a default beside others',
      'b.js',
      `exports.one = open(); exports.default = exports.one; exports.n = null;`,
    ],
    ['the module itself', 'c.js', `module.exports = open();`],
    ['a promised default', 'd.js', `exports.__esModule = true; exports.default = Promise.resolve(open());`],
    [
      'a class of the project',
      'e.js',
      `class Own extends DataSource {}; exports.x = new Own(open().options);`,
    ],
    ['a default of an ES module', 'f.mjs', `export default open();`],
    ['an ES module that awaits', 'g.mjs', `export const x = await Promise.resolve(open());`],
  ])('may have %s', async (_, name, text) => {
    write(name, (name.endsWith('.mjs') ? ESM : COMMON) + text);
    expect(await run('status', name)).toEqual({ code: 0, out: 'There are no migrations.\n', err: '' });
  });

  it('has exactly one', async () => {
    write('two.js', `${COMMON} exports.default = open(); exports.other = open();`);
    expect((await run('status', 'two.js')).err).toMatch(
      /^holdfast: two\.js exports 2 DataSources; it must export exactly one\n/,
    );
  });

  it.each([
    ['a folder', 'dist', 'dist is a folder; -d takes a built file that exports a DataSource, such as dist/'],
    ['TypeScript', 'x.ts', 'x.ts is TypeScript, which cannot be loaded as it is; -d takes a built file'],
  ])('is not %s, which is told with exit code 2', async (_, name, message) => {
    if (name.endsWith('.ts')) write(name, `${ESM}enum A { B } export const x = open();`);
    const { code, out, err } = await run('migrate', name);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`holdfast: ${message}`);
  });

  it.each([
    ['throws', 'a.js', `\nthrow new Error('no\\nhost');`, 'no (thrown/a.js:2:7)'],
    ['throws in a library', 'b.js', `require('typeorm').getFromContainer();\n`, /\(thrown\/b\.js:1:20\)$/],
    ['throws what is no error', 'c.js', `throw 'nothing';`, 'nothing'],
    ['lacks a module', 'd.js', `\nrequire('./nowhere');`, "Cannot find module './nowhere' (thrown/d.js:2:1)"],
    ['lacks an imported module', 'e.mjs', `import './nowhere.mjs';`, /^Cannot find module '.*nowhere\.mjs'/],
    ['is no JavaScript', 'f.js', `\n\nconst = 1;`, "Unexpected token '=' (thrown/f.js:3)"],
    [
      'rejects its promise',
      'g.js',
      `\nexports.x = Promise.reject(new Error('no')); `,
      'no (thrown/g.js:2:28)',
    ],
  ])('that %s is told in one line, with the place', async (_, name, text, reason) => {
    mkdirSync(join(project, 'thrown'), { recursive: true });
    write(join('thrown', name), text);
    const { code, out, err } = await run('migrate', join('thrown', name));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const [line = '', ...more] = err.split('\n');
    expect(more).toEqual(['']);
    const start = `holdfast: thrown/${name} cannot be loaded: `;
    expect(line.startsWith(start)).toBe(true);
    if (typeof reason === 'string') expect(line.slice(start.length)).toBe(reason);
    else expect(line.slice(start.length)).toMatch(reason);
  });

  it.each([
    ['awaits for ever', 'never.mjs', `await new Promise(() => {}); export const x = open();`],
    ['exports what never comes', 'later.mjs', `export const x = new Promise(() => {});`],
  ])('that %s does not end in success', async (_, name, text) => {
    write(name, ESM + text);
    expect(await run('status', name)).toEqual({
      code: 2,
      out: '',
      err: `holdfast: ${name} cannot be loaded: something that it awaits at its top, or exports a promise of, never comes\n`,
    });
  });

  it('whose migrations await for ever does not end in success', async () => {
    write('stuck.mjs', 'await new Promise(() => {});');
    write(
      'stuck-source.mjs',
      `${ESM.replace('DATABASE_URL }', "DATABASE_URL, migrations: ['stuck.mjs'] }")}export const x = open();`,
    );
    expect(await run('migrate', 'stuck-source.mjs')).toEqual({
      code: 1,
      out: '',
      err: 'holdfast: stuck-source.mjs cannot be loaded: something that an entity or migration awaits at its top never comes\n',
    });
  });
});
