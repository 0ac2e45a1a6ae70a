import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
import { openProject, type Project } from '../test/project';

describe('holdfast explain-index', () => {
  let database: TestDatabase;
  let project: Project;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    for (const statement of [
      'create table notes (id integer primary key, topic integer, text text)',
      'create index notes_topic on notes (topic)',
      'create index notes_topic_id on notes (topic, id)',
    ])
      await admin.query(statement);
    await admin.destroy();
    project = openProject({});
  });

  afterAll(async () => {
    project[Symbol.dispose]();
    await database.drop();
  });

  const explain = (...args: readonly string[]) => project.run(['explain-index', ...args], database.url);

  it('ends with 0 for an index to keep', async () => {
    const { code, out, err } = await explain('notes_pkey');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^public\.notes_pkey\n {2}CREATE UNIQUE INDEX notes_pkey/);
    expect(out).toMatch(/\n {2}verdict {3}keep\. Constraint notes_pkey rests on it/);
  });

  it('ends with 1 for one that another index answers for, and names that', async () => {
    const { code, out } = await explain('notes_topic');
    expect(code).toBe(1);
    expect(out).toMatch(/\n {2}verdict {3}merge with notes_topic_id\. /);
  });

  it('prints one JSON document for a program', async () => {
    const { code, out, err } = await explain('public.notes_topic', '--json');
    expect([code, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toMatchObject({
      name: 'notes_topic',
      soleColumns: [],
      verdict: { decision: 'merge', into: 'notes_topic_id' },
    });
  });

  it('ends with 2 where there is no such index, and says what would find it', async () => {
    const { code, out, err } = await explain('notes_text');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(
      'there is no index notes_text; one that is not on the search path needs its schema',
    );
  });
});
