import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../plan/plan-changes';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';
import { openScratch, type Scratch } from '../test/scratch';

/** A project that has nothing to do with ours; its entities are what the environment says. */
const PROJECT = `
require('reflect-metadata');
const { DataSource, EntitySchema } = require('typeorm');
const Note = new EntitySchema({ name: 'Note', tableName: 'notes', columns: JSON.parse(process.env.COLUMNS) });
exports.notes = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Note] });`;

const id = { type: 'integer', primary: true };
const text = { type: 'text', nullable: true };
const long = 'a'.repeat(64);

describe('holdfast plan', () => {
  let database: Scratch;
  let project: string;
  let file: string;

  beforeAll(async () => {
    database = await openScratch();
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'project-'));
    file = join(project, 'data-source.js');
    writeFileSync(join(project, 'package.json'), '{"name":"notes","type":"commonjs"}');
    writeFileSync(file, PROJECT);
    await database.dataSource.query('create table notes (id integer primary key, text text, old text)');
  });
  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await database.close();
  });

  const run = (args: readonly string[], columns: object, url = database.url) =>
    startHoldfast([...args, '-d', file], { DATABASE_URL: url, COLUMNS: JSON.stringify(columns) }).ended;
  const same = { id, text, old: text };

  it('ends with 0 and a line when there is nothing to do', async () => {
    expect(await run(['plan'], same)).toEqual({
      code: 0,
      out: 'The database is as the entities declare it; there is nothing to do.\n',
      err: '',
    });
    expect(await run(['plan', '--json'], same)).toEqual({
      code: 0,
      out: '{\n  "steps": [],\n  "refused": []\n}\n',
      err: '',
    });
  });

  it('ends with 0 with steps, each with its statement, lock and whom it keeps waiting, in lines of 80', async () => {
    const { code, out, err } = await run(['plan'], { ...same, text: { type: 'text' } });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ 1 {2}add constraint +text_hf_n… +readers, writers +an instant/m);
    expect(out).toMatch(/^ 2 {2}validate constraint +text_hf_n… +schema changes +a scan/m);
    expect(out).toContain('    ALTER TABLE "public"."notes" ALTER COLUMN "text" SET NOT NULL;\n');
    expect(out).toContain('lock       ShareUpdateExclusiveLock on public.notes, a scan');
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      '4 steps: writers wait in 3, readers in 3; never longer than an instant',
    );
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('ends with 1 when a hazard is not allowed, and with 0 when it is', async () => {
    const without = { id, text };
    const refused = await run(['plan', '--json'], without);
    expect([refused.code, refused.err]).toEqual([1, '']);
    const plan = JSON.parse(refused.out) as Plan;
    expect(plan.refused).toMatchObject([{ id: 'drop-column', verdict: 'allow' }]);
    expect(plan.steps[0]).toMatchObject({ kind: 'drop column', object: 'notes.old', transaction: 'shared' });
    expect((await run(['plan'], without)).out).toContain(
      '! --allow drop-column:notes.old: column notes.old goes',
    );
    expect(await run(['plan', '--allow', 'drop-column'], without)).toMatchObject({ code: 0, err: '' });
  });

  it('is followed by generate, which writes nothing until it is allowed', async () => {
    const without = { id, text };
    const refused = await run(['generate', 'drop-old'], without);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /^holdfast: nothing was written because of a hazard:\n {2}- column notes.old goes .* allow it with --allow drop-column:notes.old, or: .*\n/,
    );
    const [command = ''] = refused.err.split('\n').slice(-2);
    const allowing = ['--allow', 'drop-column:notes.old'];
    expect(command.trim()).toBe(['holdfast', 'generate', 'drop-old', '-d', file, ...allowing].join(' '));
    const done = await run(['generate', 'drop-old', ...allowing], without);
    expect(done).toMatchObject({ code: 0, err: '' });
    const [written = ''] = readdirSync(join(project, 'src', 'migrations'));
    expect(readFileSync(join(project, 'src', 'migrations', written), 'utf8')).toContain('DROP COLUMN "old"');
    rmSync(join(project, 'src'), { recursive: true });
  });

  it('lists what generate refuses, a reason a line, and gives no command where one cannot be allowed', async () => {
    const { err } = await run(['generate', 'change'], {
      id: { type: 'integer', primary: true },
      old: { type: 'text', nullable: true },
      [long]: text,
      other: { type: 'integer', nullable: true },
    });
    const lines = err.trimEnd().split('\n');
    expect(lines[0]).toBe(
      'holdfast: nothing was written because of 2 hazards, of which 1 cannot be allowed:',
    );
    expect(lines.slice(1).map((line) => line.replace(/^.*\[(.*)\].*$/, '$1'))).toEqual([
      'name-too-long',
      'drop-column',
    ]);
  });

  it('allows a hazard for one column alone, and names those that there are', async () => {
    const bare = { id };
    const one = await run(['plan', '--json', '--allow', 'drop-column:notes.old'], bare);
    expect(one.code).toBe(1);
    expect((JSON.parse(one.out) as Plan).refused).toMatchObject([{ target: 'notes.text' }]);
    const both = ['notes.old', 'notes.text'].flatMap((column) => ['--allow', `drop-column:${column}`]);
    expect(await run(['plan', ...both], bare)).toMatchObject({ code: 0, err: '' });
    for (const command of [['plan'], ['generate', 'drop']]) {
      const missed = await run([...command, '--allow', 'drop-column:notes.olt'], bare);
      expect(missed).toMatchObject({ code: 2, out: '' });
      expect(missed.err.split('\n')[0]).toMatch(
        /^holdfast: --allow must be one of drop-column:notes\.(old|text), drop-column:notes\.(old|text), but is "drop-column:notes.olt"$/,
      );
    }
    expect((await run(['plan', '--allow', 'drop-column:notes.old'], same)).err).toContain(
      '--allow must be left out, since nothing has to be allowed, but is "drop-column:notes.old"',
    );
  });

  it('ends with 2 when it cannot look, and names the hazards when one is misspelt', async () => {
    const away = await run(['plan'], same, 'postgres://a:s3cret@127.0.0.1:1/d');
    expect(away).toEqual({ code: 2, out: '', err: 'holdfast: connect ECONNREFUSED 127.0.0.1:1\n' });
    const misspelt = await run(['plan', '--allow', 'drop-colum'], same);
    expect(misspelt).toMatchObject({ code: 2, out: '' });
    expect(misspelt.err.split('\n')[0]).toMatch(
      /^holdfast: --allow must be one of drop-column, .*, but is "drop-colum"/,
    );
  });
});
