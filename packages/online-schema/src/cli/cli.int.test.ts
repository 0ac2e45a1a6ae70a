import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { transformFile } from '@swc/core';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';

const command = join(root, 'bin', 'holdfast.js');

const holdfast = (...args: Parameters<typeof startHoldfast>) => startHoldfast(...args).ended;

/** A project that has nothing to do with ours, in plain JavaScript. */
const PROJECT = `
require('reflect-metadata');
const { join } = require('node:path');
const { DataSource, EntitySchema } = require('typeorm');
const Note = new EntitySchema({
  name: 'Note',
  tableName: 'notes',
  columns: { id: { type: 'integer', primary: true }, text: { type: 'text' } },
  indices: [{ name: 'idx_notes_text', columns: ['text'] }],
});
exports.notes = new DataSource({
  type: 'postgres', url: process.env.DATABASE_URL, entities: [Note], migrationsTransactionMode: 'none',
  migrations: [join(__dirname, 'src', 'migrations', '*.js')], logging: ['error'],
});`;

describe('the holdfast command', () => {
  let database: TestDatabase;
  let project: string;
  let file: string;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'project-'));
    file = join(project, 'data-source.js');
    writeFileSync(join(project, 'package.json'), '{"name":"notes","type":"commonjs"}');
    writeFileSync(file, PROJECT);
  });

  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await database.drop();
  });

  it('generates into the project of the DataSource, and has nothing to write the second time', async () => {
    const variables = { DATABASE_URL: database.url };
    const first = await holdfast(['generate', 'create-notes', '-d', file], variables);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(
      /^tables {3}1 statement, in one transaction\nindex {4}create {2}idx_notes_text on notes\nwrote /,
    );
    expect(readdirSync(join(project, 'src', 'migrations'))).toHaveLength(2);

    const unbuilt = await holdfast(['generate', 'again', '-d', file], variables);
    expect(unbuilt).toMatchObject({ code: 1, out: '' });
    expect(unbuilt.err).toMatch(
      /^holdfast: \d{13}-create-notes-indexes\.ts in .* build and apply it first|^holdfast: \d{13}-create-notes\.ts/,
    );

    await buildMigrations(join(project, 'src', 'migrations'));
    const applied = await holdfast(['migrate', '-d', file], variables);
    expect(applied).toMatchObject({ code: 0, err: '' });
    expect(applied.out).toMatch(/build index {6}idx_notes_text {2}\d+ ms\n.*\n2 migrations applied\.\n$/);
    await expect(holdfast(['generate', 'again', '-d', file], variables)).resolves.toEqual({
      code: 0,
      out: 'The database is as the entities declare it; nothing was written.\n',
      err: '',
    });
    await expect(holdfast(['migrate', '--data-source', file], variables)).resolves.toEqual({
      code: 0,
      out: 'No migrations are pending.\n',
      err: '',
    });
  });

  it.each<[string, string[], number, string]>([
    ['no command', [], 2, 'holdfast: no command; allowed are '],
    ['an unknown command', ['destroy'], 2, "holdfast: unknown command 'destroy'; allowed are "],
    ['an unknown option', ['migrate', '--force'], 2, "holdfast: unknown option '--force'"],
    ['a missing name', ['generate', '-d', 'x.js'], 2, "holdfast: missing required argument 'name'"],
    ['a misspelt command', ['migrat', '-d', 'x.js'], 2, 'Did you mean migrate?'],
    ['too many names', ['generate', 'a', 'b', '-d', 'x.js'], 2, 'too many arguments'],
    ['a missing DataSource', ['migrate'], 2, 'holdfast: no DataSource; name its built file with -d'],
    [
      'a file that is not there',
      ['migrate', '-d', 'nowhere.js'],
      2,
      'holdfast: no file nowhere.js; -d takes',
    ],
    [
      'a file without a DataSource',
      ['migrate', '-d', command],
      2,
      'exports 0 DataSources; it must export exactly one',
    ],
  ])('answers %s in one line and with an exit code', async (_, args, code, message) => {
    const run = await holdfast(args);
    expect(run).toMatchObject({ code, out: '' });
    const known = args[0] === 'migrate' || args[0] === 'generate' ? `${args[0]} ` : '';
    expect(run.err.split('\n')).toEqual([
      expect.stringContaining(message),
      `See holdfast ${known}--help.`,
      '',
    ]);
  });

  it.each([
    ['an unreachable server', 'postgres://a:s3cret@127.0.0.1:1/d', 'connect ECONNREFUSED 127.0.0.1:1'],
    ['a wrong password', undefined, 'password authentication failed for user "holdfast"'],
  ])('answers %s in one line, without the password', async (_, url, message) => {
    const wrong = new URL(database.url);
    wrong.password = 's3cret';
    const run = await holdfast(['migrate', '-d', file], { DATABASE_URL: url ?? wrong.href });
    expect(run).toEqual({ code: 1, out: '', err: `holdfast: ${message}\n` });
  });

  it('takes a DataSource that is promised, as the typeorm command does', async () => {
    const promised = join(project, 'promised.js');
    writeFileSync(promised, `exports.notes = Promise.resolve(require(${JSON.stringify(file)}).notes);`);
    await expect(holdfast(['status', '-d', promised], { DATABASE_URL: database.url })).resolves.toMatchObject(
      { code: 0, err: '' },
    );
  });

  it('shows its usage when asked', async () => {
    const run = await holdfast(['--help']);
    expect(run.code).toBe(0);
    expect(run.out).toContain('generate [options] <name>');
  });

  it('shows its version when asked', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(await holdfast(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

/** What the project's compiler would do. */
async function buildMigrations(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const { code } = await transformFile(join(folder, name), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), code);
  }
}
