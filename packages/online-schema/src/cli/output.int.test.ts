import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { openProject, type Project } from '../test/project';
import { waitFor } from '../test/wait-for';

const NAME = 'IndexVases1700000000000';

describe('the process of holdfast', () => {
  let server: TemporaryServer;
  let project: Project;
  let admin: Client;

  beforeAll(async () => {
    server = await openTemporaryServer();
    project = openProject(
      {
        [NAME]: {
          transaction: false,
          up: `
            console.log('chatty migration');
            const leaked = runner.dataSource.createQueryRunner();
            await leaked.query('select 1');
            await holdfast.ensureIndex(runner, { table: 'vases', name: 'idx_vases_a', keys: ['"a"'] });`,
          down: `await holdfast.dropIndex(runner, { table: 'vases', name: 'idx_vases_a' });`,
        },
      },
      `console.log('chatty module'); setInterval(() => undefined, 1000);`,
    );
  });

  afterAll(async () => {
    project?.[Symbol.dispose]();
    await server?.stop();
  });

  beforeEach(async () => {
    admin = new Client(server.url);
    await admin.connect();
    await admin.query('create table vases as select 1 as a');
    await admin.query('create table unrelated (id integer)');
  });

  afterEach(async () => {
    await admin.query('drop table if exists vases, unrelated, migrations');
    await admin.end();
  });

  const indexes = async () =>
    (
      await admin.query(
        `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'vases'::regclass`,
      )
    ).rows;
  const withReader = async (work: () => Promise<void>) => {
    const reader = new Client(server.url);
    await reader.connect();
    try {
      await reader.query('begin isolation level repeatable read');
      await reader.query('select * from unrelated');
      await work();
    } finally {
      await reader.end();
    }
  };
  const isHeldUp = async () =>
    (
      await admin.query(
        `select 1 from pg_stat_progress_create_index where phase = 'waiting for old snapshots'`,
      )
    ).rows.length > 0;

  it.each([['migrate'], ['status']])(
    'prints with --json nothing but JSON, whatever else %s writes',
    async (command) => {
      const { code, out, err } = await project.run([command, '--json'], server.url);
      expect(code).toBe(0);
      expect(() =>
        out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).not.toThrow();
      expect(err).toContain('chatty module\n');
    },
  );

  it('ends when its work is done, though the project has a timer and a migration has kept a connection', async () => {
    const { code, out } = await project.run(['migrate'], server.url);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1 migration applied.\n') });
    expect(out).toContain('chatty migration\n');
  });

  it('clears away what it has begun when the reader of its output ends at the same Ctrl-C', async () => {
    await withReader(async () => {
      const run = project.start(['migrate'], server.url);
      await waitFor(isHeldUp);
      run.child.stdout?.destroy();
      run.child.kill('SIGINT');
      expect(await run.ended).toMatchObject({ code: 130, err: expect.stringContaining('holdfast: stopped') });
    });
    expect(await indexes()).toEqual([]);
  });

  it.each([[['status']], [['migrate', '--dry-run']]])('%j is ended by the first Ctrl-C', async (args) => {
    const proxy = await openProxy(server);
    try {
      proxy.freeze();
      const run = project.start(args, proxy.urlThrough(server.url));
      await run.waitForOutput(/chatty module/);
      run.child.kill('SIGINT');
      await run.ended;
      expect(run.child.signalCode).toBe('SIGINT');
    } finally {
      await proxy.close();
    }
  });
});
