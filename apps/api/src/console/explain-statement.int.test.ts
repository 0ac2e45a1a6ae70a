import { openTestDatabase, type TestDatabase } from '@holdfast/local-postgres';
import { ConsoleConnection } from './console-connection';
import { explainStatement } from './explain-statement';

let database: TestDatabase;
let connection: ConsoleConnection;
beforeAll(async () => {
  database = await openTestDatabase();
  connection = new ConsoleConnection('test', { DATABASE_URL: database.url });
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});
const explain = (text: string) => connection.look((runner) => explainStatement(runner, text));

describe('explainStatement', () => {
  it('names the index of a statement whose values it does not have', async () => {
    expect(await explain('select * from events where id = $1')).toMatchObject({
      indexes: ['idx_events_id'],
      scanned: [],
    });
  });

  it('names the table that is read whole', async () => {
    expect(await explain('select count(*) from events where last_error = $1')).toMatchObject({
      indexes: [],
      scanned: ['events'],
    });
  });

  it('runs nothing', async () => {
    await explain(`insert into organizations (id, name) values (gen_random_uuid(), $1)`);
    const [row] = await connection.look((runner) =>
      runner.query('select count(*)::int as count from organizations'),
    );
    expect(row.count).toBe(0);
  });

  it.each([
    ['a second statement', 'select 1; drop table events'],
    ['no statement on rows', 'begin'],
    ['one that analyses by itself', 'analyze events'],
  ])('refuses %s', async (_name, text) => {
    await expect(explain(text)).rejects.toMatchObject({ code: 'HOLDFAST_NOT_EXPLAINABLE' });
  });
});

describe('ConsoleConnection', () => {
  it('changes nothing, whatever it is asked to do', async () => {
    await expect(connection.look((runner) => runner.query('delete from events'))).rejects.toMatchObject({
      driverError: { code: '25006' },
    });
  });

  it('has a name of its own, and no setting left behind', async () => {
    const [named] = await connection.look((runner) => runner.query('show application_name'));
    expect(named).toEqual({ application_name: 'holdfast-console' });
    const [after] = await (await connection.open()).query('show statement_timeout');
    expect(after).toEqual({ statement_timeout: '0' });
  });
});
