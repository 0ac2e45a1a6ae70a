import { Client } from 'pg';
import { createDatabase, dropDatabase } from './databases';
import { createGlobalSetup, globalTeardown } from './jest-setup';
import { openTestDatabase } from './test-database';

async function connect(url: string, applicationName = ''): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: applicationName });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function run(url: string, sql: string): Promise<unknown[]> {
  const client = await connect(url);
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

describe('without a global setup', () => {
  it('openTestDatabase says what is missing', async () => {
    await expect(openTestDatabase()).rejects.toMatchObject({
      code: 'test_server_missing',
      message: expect.stringContaining('globalSetup'),
    });
  });
});

describe('openTestDatabase', () => {
  let migrations = 0;

  beforeAll(
    createGlobalSetup({
      template: async (url) => {
        migrations += 1;
        await run(url, "CREATE TABLE users AS SELECT 'ada' AS name");
      },
    }),
  );
  afterAll(globalTeardown);

  it('clones a template that was migrated once, and isolates the clones', async () => {
    await using first = await openTestDatabase();
    await using second = await openTestDatabase();
    await run(first.url, "INSERT INTO users VALUES ('grace')");
    expect(await run(first.url, 'SELECT name FROM users ORDER BY 1')).toEqual(['ada', 'grace']);
    expect(await run(second.url, 'SELECT name FROM users ORDER BY 1')).toEqual(['ada']);
    expect(migrations).toBe(1);
  });

  it('makes clones at the same time', async () => {
    const databases = await Promise.all(Array.from({ length: 4 }, () => openTestDatabase()));
    expect(new Set(databases.map(({ name }) => name)).size).toBe(4);
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('has nothing of the template when it is to be empty', async () => {
    await using database = await openTestDatabase({ empty: true });
    expect(await run(database.url, "SELECT to_regclass('users')")).toEqual([null]);
  });

  it('keeps everybody out of the template, so that no clone ever waits', async () => {
    await using database = await openTestDatabase();
    const template = new URL(database.url);
    template.pathname = '/holdfast_template';
    await expect(connect(template.href)).rejects.toMatchObject({ code: '55000' });
  });

  it('drops the database once and reports the connections that were left open', async () => {
    const database = await openTestDatabase();
    const leaked = [await connect(database.url, 'orders pool'), await connect(database.url, 'orders pool')];
    await expect(database.drop()).rejects.toMatchObject({
      code: 'leaked_connections',
      count: 2,
      message: expect.stringContaining('orders pool'),
    });
    await expect(leaked[0]?.query('SELECT 1')).rejects.toThrow();
    await Promise.all(leaked.map((client) => client.end().catch(() => undefined)));
    await database.drop();
    await expect(connect(database.url)).rejects.toMatchObject({ code: '3D000' });
  });

  it('does not call connections leaked that were closed just now', async () => {
    const database = await openTestDatabase();
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect(database.url)));
    await Promise.all(clients.map((client) => client.end()));
    await database.drop();
  });

  it('tolerates leaked connections where a test says so', async () => {
    const database = await openTestDatabase({ failOnLeakedConnections: false });
    const leaked = await connect(database.url);
    await database.drop();
    await leaked.end().catch(() => undefined);
  });
});

describe('createDatabase and dropDatabase', () => {
  beforeAll(createGlobalSetup());
  afterAll(globalTeardown);

  it('take any name, copy any template, and drop what is not there', async () => {
    await using origin = await openTestDatabase({ empty: true });
    await run(origin.url, 'CREATE TABLE parts AS SELECT 7 AS id');
    const name = `it's a "copy", 100%`;
    const url = await createDatabase(origin.adminUrl, name, { template: origin.name });
    expect(await run(url, 'SELECT current_database()')).toEqual([name]);
    expect(await run(url, 'SELECT id FROM parts')).toEqual([7]);
    expect(await dropDatabase(origin.adminUrl, name)).toEqual({ endedConnections: [] });
    expect(await dropDatabase(origin.adminUrl, name)).toEqual({ endedConnections: [] });
  });

  it('a template has to be asked for at setup', async () => {
    await expect(openTestDatabase()).rejects.toMatchObject({
      code: 'test_server_missing',
      message: expect.stringContaining('no template'),
    });
  });
});

describe('createGlobalSetup', () => {
  afterAll(globalTeardown);

  it('fails, and leaves no server, if the template is left with open connections', async () => {
    const leaked: Client[] = [];
    const setup = createGlobalSetup({
      template: async (url) => {
        leaked.push(await connect(url));
      },
    });
    await expect(setup()).rejects.toMatchObject({ code: 'template_in_use' });
    await expect(openTestDatabase()).rejects.toMatchObject({ code: 'test_server_missing' });
    await Promise.all(leaked.map((client) => client.end().catch(() => undefined)));
  });
});
