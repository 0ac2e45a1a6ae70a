import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { openProject, type Project } from '../test/project';
import { waitFor } from '../test/wait-for';

const CREATE = 'CreateParcels1700000000000';
const INDEX = 'IndexParcels1700000000001';

describe('the commands that run migrations', () => {
  let project: Project;
  let database: TestDatabase;

  beforeAll(() => {
    project = openProject({
      [CREATE]: {
        transaction: true,
        up: `await runner.query(\`
          create table parcels (
            weight integer
          )\`);`,
        down: `await runner.query('drop table parcels');`,
      },
      [INDEX]: {
        transaction: false,
        up: `await holdfast.ensureIndex(runner, { table: 'parcels', name: 'idx_parcels_weight', keys: ['"weight"'] });`,
        down: `await holdfast.dropIndex(runner, { table: 'parcels', name: 'idx_parcels_weight' });`,
      },
    });
  });

  afterAll(() => project?.[Symbol.dispose]());

  beforeEach(async () => {
    database = await openTestDatabase({ empty: true });
  });

  afterEach(() => database.drop());

  const run = (...args: string[]) => project.run(args, database.url);
  const read = (out: string) =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { at: string; type: string });

  it('say what they would do, do it, list it, and take it back', async () => {
    expect(await run('migrate', '--dry-run')).toEqual({
      code: 0,
      err: '',
      out: `[1/2] ${CREATE}, in one transaction
      create table parcels (
        weight integer
      );
[2/2] ${INDEX}, each statement by itself
      CREATE INDEX CONCURRENTLY "idx_parcels_weight" ON "parcels" USING btree ("weight");
Nothing was written.
`,
    });
    expect((await run('status')).out).toBe(`pending  ${CREATE}\npending  ${INDEX}\n`);
    expect(await run('migrate')).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        / {6}build index {6}idx_parcels_weight {2}\d+ ms\n.*\n2 migrations applied\.\n$/,
      ),
    });
    expect((await run('status')).out).toBe(`applied  ${CREATE}\napplied  ${INDEX}\n`);
    expect((await run('revert', '--dry-run')).out).toContain(
      '\n      DROP INDEX CONCURRENTLY "public"."idx_parcels_weight";\n',
    );
    expect(await run('revert', '--to', CREATE)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        new RegExp(
          `^will revert ${INDEX}\n\\[1/1] ${INDEX}\n {6}drop index .*\n {6}reverted in .*\n1 migration reverted\\.\n$`,
        ),
      ),
    });
    expect((await run('status', '--json')).out).toBe(
      `${JSON.stringify({
        migrations: [
          { name: CREATE, state: 'applied', appliedAt: null },
          { name: INDEX, state: 'pending', appliedAt: null },
        ],
        run: null,
      })}\n`,
    );
  });

  it('print JSON lines with the time, and at last what was applied', async () => {
    const { code, out, err } = await run('migrate', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = read(out);
    expect(lines.map(({ type }) => type)).toEqual([
      'pending',
      'started',
      'applied',
      'started',
      'step-started',
      'step',
      'applied',
      'done',
    ]);
    expect(lines.at(-1)).toEqual({ at: expect.any(String), type: 'done', applied: [CREATE, INDEX] });
    for (const { at } of lines) expect(new Date(at).toISOString()).toBe(at);
  });

  it('print as the last JSON line what failed, with its code, and exit with 1', async () => {
    const client = new Client(database.url);
    await client.connect();
    await client.query('create table parcels (id integer)');
    await client.end();
    const { code, out, err } = await run('migrate', '--json');
    expect(code).toBe(1);
    expect(read(out).at(-1)).toEqual({
      at: expect.any(String),
      type: 'failed',
      code: 'HOLDFAST_MIGRATION_FAILED',
      message: `${CREATE}: relation "parcels" already exists`,
      migration: CREATE,
      step: null,
      statement: 'create table parcels ( weight integer )',
    });
    expect(err).toBe(
      `holdfast: ${CREATE}: relation "parcels" already exists\n  statement: create table parcels ( weight integer )\n`,
    );
  });

  it('say at which step they failed, and what the server refused', async () => {
    const client = new Client(database.url);
    await client.connect();
    await client.query(`create function refuse() returns event_trigger language plpgsql
      as $$ begin raise 'no indexes today'; end $$`);
    await client.query(
      `create event trigger refuse on ddl_command_start when tag in ('CREATE INDEX') execute function refuse()`,
    );
    await client.end();
    const { code, err } = await run('migrate');
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^holdfast: ${INDEX}: .*no indexes today`)),
      '  step: build index idx_parcels_weight',
      expect.stringMatching(/^ {2}statement: CREATE INDEX CONCURRENTLY "idx_parcels_weight" ON/),
      '',
    ]);
  });

  it('name a migration that had no lock once', async () => {
    const client = new Client(database.url);
    await client.connect();
    try {
      await run('migrate');
      await run('revert');
      await client.query('begin');
      await client.query('select * from parcels');
      const { code, err } = await run('revert', '--lock-timeout', '50', '--max-lock-wait', '200');
      expect(code).toBe(1);
      expect(err).toMatch(new RegExp(`^holdfast: ${CREATE}: a lock was not had`));
      expect(err).toContain('\n  statement: drop table parcels\n');
    } finally {
      await client.end();
    }
  });

  it('print as the last JSON line that they could not reach the server', async () => {
    const { code, out } = await project.run(['migrate', '--json'], 'postgres://a:b@127.0.0.1:1/c');
    expect(code).toBe(1);
    expect(read(out)).toEqual([expect.objectContaining({ type: 'failed', code: 'ECONNREFUSED' })]);
  });

  it('print as the last JSON line that they were stopped, and what is left', async () => {
    const client = new Client(database.url);
    await client.connect();
    try {
      await client.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
      const process = project.start(['migrate', '--json'], database.url);
      await process.waitForOutput(/"waiting"/);
      process.child.kill('SIGINT');
      const { code, out, err } = await process.ended;
      expect({ code, err }).toEqual({ code: 130, err: 'holdfast: stopped; nothing was applied\n' });
      expect(read(out).at(-1)).toMatchObject({
        type: 'failed',
        code: 'HOLDFAST_STOPPED',
        applied: [],
        left: [],
      });
    } finally {
      await client.end();
    }
  });

  it('name in a plain line whom they wait for, and why', async () => {
    const client = new Client({ connectionString: database.url, application_name: 'nightly' });
    await client.connect();
    try {
      await run('migrate');
      await run('revert');
      await client.query('begin');
      await client.query('select * from parcels');
      const process = project.start(['revert', '--lock-timeout', '50'], database.url);
      await process.waitForOutput(/no lock at attempt 2/);
      expect(process.out()).toMatch(
        new RegExp(
          `${CREATE}: no lock at attempt 1 because of pid \\d+ \\(nightly, holdfast, idle in transaction for .*, ` +
            `holds a lock\\): select \\* from parcels; again in \\d+ ms\n`,
        ),
      );
      await client.query('commit');
      await expect(process.ended).resolves.toMatchObject({ code: 0 });
    } finally {
      await client.end();
    }
  });

  it('say in status who runs', async () => {
    const client = new Client({ connectionString: database.url, application_name: 'holdfast migrate' });
    await client.connect();
    try {
      await client.query('select pg_advisory_lock($1, $2)', [0x686f6c64, 0x66617374]);
      await waitFor(async () =>
        /A run is under way \(pid \d+, holdfast migrate, connected since/.test((await run('status')).out),
      );
    } finally {
      await client.end();
    }
  });

  it.each([
    [
      ['migrate', '--lock-timeout', 'soon'],
      '--lock-timeout must be an integer of at least 1, in milliseconds',
    ],
    [['migrate', '--max-lock-wait', '0'], '--max-lock-wait must be a finite number above 0, in milliseconds'],
    [['revert', '--steps', '0'], '--steps must be an integer of at least 1'],
    [['revert', '--steps', '1', '--to', 'A'], '--steps and --to exclude each other'],
  ])('%j is a usage error', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')[0]).toBe(`holdfast: ${message}`);
  });

  it('status that cannot be read exits with 2', async () => {
    expect(await project.run(['status'], 'postgres://a:b@127.0.0.1:1/c')).toMatchObject({ code: 2, out: '' });
  });
});
