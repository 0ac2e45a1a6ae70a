import { randomBytes } from 'node:crypto';
import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { openProject, type Project } from '../test/project';

const NAME = 'CreateBoats1700000000000';

describe('a project whose DataSource finds nothing', () => {
  let database: TestDatabase;
  let admin: Client;
  let whole: Project;
  let empty: Project;

  beforeAll(async () => {
    database = await openTestDatabase({ empty: true });
    admin = new Client(database.url);
    await admin.connect();
    const up = 'await runner.query(`create table boats (id integer)`);';
    whole = openProject({
      [NAME]: { transaction: true, up, down: 'await runner.query(`drop table boats`);' },
    });
    empty = openProject(
      {},
      `const patterns = { entities: ['dist/nowhere/*.js'], migrations: [__dirname + '/nowhere/*.js'] };
       const Plain = DataSource.prototype.setOptions;
       DataSource.prototype.setOptions = function (options) { return Plain.call(this, { ...options, ...patterns }); };`,
    );
  });

  afterAll(async () => {
    whole?.[Symbol.dispose]();
    empty?.[Symbol.dispose]();
    await admin?.end();
    await database?.drop();
  });

  const withRole = async (work: (url: string, role: string) => Promise<void>) => {
    const role = `sailor_${randomBytes(6).toString('hex')}`;
    await admin.query(`create role ${role} login password 'plain'`);
    try {
      const url = new URL(database.url);
      url.username = role;
      url.password = 'plain';
      await work(url.href, role);
    } finally {
      await admin.query(`drop owned by ${role}`);
      await admin.query(`drop role ${role}`);
    }
  };

  it.each([['drift'], ['plan'], ['doctor'], ['generate', 'add-boats']])(
    'cannot be compared by %s without entities, which exits with 2',
    async (...args) => {
      const { code, out, err } = await empty.run(args, database.url);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(
        /^holdfast: the DataSource of .* has no entities, so there is nothing to compare; its option "entities" matches no built file that has one: dist\/nowhere\/\*\.js\n/,
      );
    },
  );

  it('finds nothing pending in a database where nothing is applied', async () => {
    expect(await empty.run(['migrate'], database.url)).toMatchObject({
      code: 0,
      out: 'No migrations are pending.\n',
    });
  });

  it.each([[['migrate']], [['migrate', '--dry-run']]])(
    'is refused by %j when the database has applied migrations, which status lists',
    async (args) => {
      await whole.run(['migrate'], database.url);
      const { code, out, err } = await empty.run(args, database.url);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(
        new RegExp(
          `^holdfast: this build has no migrations, but the database has applied 1, the last of them ${NAME}; ` +
            `the DataSource's option "migrations" matches no built file that has one: .*nowhere/\\*\\.js\n$`,
        ),
      );
      expect(await empty.run(['status'], database.url)).toMatchObject({
        code: 0,
        out: `unknown  ${NAME}  not in this build\n`,
      });
    },
  );

  it.each([
    [['status'], 2],
    [['migrate'], 1],
    [['migrate', '--dry-run'], 1],
    [['revert'], 1],
    [['revert', '--dry-run'], 1],
  ])(
    '%j as a role that may not read the ledger says what to grant, and never "pending"',
    async (args, code) => {
      await whole.run(['migrate'], database.url);
      await withRole(async (url, role) => {
        const refused = await whole.run(args, url);
        expect(refused).toMatchObject({ code, out: '' });
        expect(refused.err).toMatch(
          new RegExp(
            `^holdfast: role ${role} may not read "migrations", .*: GRANT SELECT ON "migrations" TO "${role}"\n$`,
          ),
        );
        await admin.query(`grant select on migrations to ${role}`);
        expect((await whole.run(['status'], url)).out).toBe(`applied  ${NAME}\n`);
      });
    },
  );
});
