import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { packageRoot as root, startHoldfast } from '../test/holdfast-process';

/** A project that has nothing to do with ours, in plain JavaScript. */
const PROJECT = `
require('reflect-metadata');
const { DataSource, EntitySchema } = require('typeorm');
const Note = new EntitySchema({
  name: 'Note',
  tableName: 'notes',
  columns: { id: { type: 'integer', primary: true }, text: { type: 'text' } },
  indices: [{ name: 'idx_notes_text', columns: ['text', 'id'] }],
});
exports.notes = new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Note] });`;

describe('holdfast drift', () => {
  let database: TestDatabase;
  let admin: DataSource;
  let project: string;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await admin.query('create table notes (id integer not null, text text not null)');
    await admin.query('alter table notes add constraint "PK_af6206538ea96c4e77e9f400c3d" primary key (id)');
    mkdirSync(join(root, '.generated'), { recursive: true });
    project = mkdtempSync(join(root, '.generated', 'drift-'));
    writeFileSync(join(project, 'package.json'), '{"name":"notes","type":"commonjs"}');
    writeFileSync(join(project, 'data-source.js'), PROJECT);
  });

  afterAll(async () => {
    rmSync(project, { recursive: true, force: true });
    await admin.destroy();
    await database.drop();
  });

  const drift = (args: readonly string[] = [], url = database.url) =>
    startHoldfast(['drift', '-d', join(project, 'data-source.js'), ...args], { DATABASE_URL: url }).ended;

  it('ends with 0 and one line where there is none', async () => {
    await admin.query('create index idx_notes_text on notes (text, id)');
    expect(await drift()).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^No drift: 1 table and 1 index are as declared \(PostgreSQL \d+\.\d+\)\.\n$/,
      ),
      err: '',
    });
    const json = await drift(['--json']);
    expect(json).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ drift: 0, findings: [], looked: { tables: 1, indexes: 1 } });
  });

  it('ends with 1 and says what is declared, what is there and what mends it', async () => {
    await admin.query('drop index idx_notes_text');
    await admin.query('create index idx_notes_text on notes (id, text)');
    const { code, out, err } = await drift();
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatch(
      /^different {3}public\.idx_notes_text on notes\n {12}the index is another one: column order\n {12}column order {2}declared {2}text, id\n {26}actual {4}id, text\n {2}mend {6}CREATE INDEX CONCURRENTLY "idx_notes_text_hf_new" ON "public"\."notes" USING btree \("text", "id"\);\n {12}ALTER INDEX "public"\."idx_notes_text" RENAME TO "idx_notes_text_hf_old";\n {12}ALTER INDEX "public"\."idx_notes_text_hf_new" RENAME TO "idx_notes_text";\n {12}DROP INDEX CONCURRENTLY "public"\."idx_notes_text_hf_old";\n\n1 difference in 1 table and 1 index \(PostgreSQL \d+\.\d+\)\.\n$/,
    );
    const json = await drift(['--json']);
    expect(json).toMatchObject({ code: 1, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({
      drift: 1,
      findings: [
        {
          kind: 'different',
          schema: 'public',
          table: 'notes',
          name: 'idx_notes_text',
          differences: [{ aspect: 'column order', declared: 'text, id', actual: 'id, text' }],
        },
      ],
    });
  });

  it.each([[[]], [['--json']]])('ends with 2 and one line where it could not look (%j)', async (args) => {
    const unreachable = await drift(args, 'postgres://a:s3cret@127.0.0.1:1/d');
    expect(unreachable).toEqual({ code: 2, out: '', err: 'holdfast: connect ECONNREFUSED 127.0.0.1:1\n' });
  });

  it('ends with 2 where its role may not look at a table', async () => {
    const role = `blind_${database.name}`;
    await admin.query(`create role ${role} login password 'plain'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'plain';
    try {
      const { code, out, err } = await drift([], url.href);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toBe(
        `holdfast: role ${role} may not read table public.notes, and what it cannot see would seem to be missing; ` +
          `look as its owner, or have the owner run: GRANT SELECT ON "public"."notes" TO "${role}"\n`,
      );
    } finally {
      await admin.query(`drop role ${role}`);
    }
  });
});
